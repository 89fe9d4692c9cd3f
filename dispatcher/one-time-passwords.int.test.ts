/** Codes on their way through the dispatcher: in what is sent, and nowhere else. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { FencedLock } from '../platform/storage/fenced-lock.ts';
import { RedisLock } from '../platform/storage/redis-lock.ts';
import type { DeliveryRecord, NotificationRecord } from '../subgraphs/notifications/index.ts';
import {
  appPrincipal,
  OLGA,
  type OpenGraph,
  openGraph,
  TEST_SECRET_KEY,
} from '../subgraphs/notifications/testing/open-graph.ts';
import { freshDatabase } from '../testing/fresh.ts';
import type { OutgoingMessage, SendOutcome } from './channels/contract.ts';
import type { ProviderSet } from './channels/registry.ts';
import { sandbox } from './channels/sandbox/provider.ts';
import { type Dispatcher, startDispatcher } from './dispatcher.ts';
import { QueueHistory } from './sweep/queue-history.ts';
import { Sweeper } from './sweep/sweeper.ts';

const services = freshDatabase();
const app = appPrincipal('app_otp');
let graph: OpenGraph;
let dispatcher: Dispatcher | undefined;
let sweeper: Sweeper;

/** All that any part of it logs. */
const logged: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });

/** What the provider was given, and what it answers by address. */
const sent: OutgoingMessage[] = [];
const answers = new Map<string, (message: OutgoingMessage) => SendOutcome | Promise<SendOutcome>>();
const providers: ProviderSet = {
  account: () => undefined,
  accountsFor: () => [
    {
      id: 'scripted',
      definition: { ...sandbox, capabilities: { idempotent: true, html: true } },
      provider: {
        send: async (message) => {
          sent.push(message);
          return (
            (await answers.get(message.address)?.(message)) ?? {
              kind: 'accepted',
              providerMessageId: `m-${message.delivery}`,
            }
          );
        },
      },
    },
  ],
  describe: () => ({ EMAIL: 'scripted', SMS: 'scripted', VOICE: 'scripted' }),
  close: async () => undefined,
};

function dispatch(): void {
  dispatcher = startDispatcher({
    settings: { ...graph.settings, HERALD_SECRET_KEY: TEST_SECRET_KEY },
    connections: graph.connections,
    store: graph.store,
    users: graph.users,
    templates: graph.templates,
    providers,
    log,
  });
}
async function dispatchNothing(): Promise<void> {
  await dispatcher?.close();
  dispatcher = undefined;
}

beforeAll(async () => {
  graph = await openGraph(services, {
    OTP_RESEND_MS: '1',
    OTP_MAX_PER_HOUR: '50',
    SEND_MAX_ATTEMPTS: '3',
    SEND_RETRY_BASE_MS: '20',
    SEND_RETRY_MAX_MS: '50',
    SEND_TIMEOUT_MS: '20000',
  });
  const { mongo, redis, names, queues } = graph.connections;
  const lock = new FencedLock(new RedisLock(redis, names.lock('sweeper'), 600_000), mongo, 'sweeper');
  await lock.hold();
  sweeper = new Sweeper({
    outbox: graph.store.outbox,
    queues,
    history: new QueueHistory({ queues, holdMs: 0, log }),
    lock,
    chunkSize: 100,
    intervalMs: 60_000,
    log,
  });
  dispatch();
});
afterAll(async () => {
  await dispatchNothing();
  await graph.close();
});

let number = 0;
let address = '';
beforeEach(() => {
  address = `+49152${String(++number).padStart(8, '0')}`;
});

const REQUEST = `mutation ($input: RequestOtpInput!) { requestOtp(input: $input) { id notification { id } } }`;
/** Ten digits: no id and no time holds them by chance. */
const request = (changes: object = {}) =>
  graph
    .run<{ requestOtp: { id: string; notification: { id: string } } }>(app, REQUEST, {
      input: { to: { address }, purpose: 'login', length: 10, ...changes },
    })
    .then(({ requestOtp }) => ({ id: requestOtp.id, notification: requestOtp.notification.id }));
const verify = (id: string, code: string) =>
  graph
    .run<{ verifyOtp: { status: string } }>(
      app,
      'mutation ($id: ID, $code: String!) { verifyOtp(id: $id, code: $code) { status } }',
      { id, code },
    )
    .then(({ verifyOtp }) => verifyOtp.status);
const replay = (id: string) =>
  graph.run(OLGA, 'mutation ($id: ID!) { replayNotification(id: $id) { id } }', { id });

const notification = (id: string) =>
  graph.connections.mongo.collection<NotificationRecord>('notifications').findOne({ _id: id });
const deliveries = (id: string) =>
  graph.connections.mongo.collection<DeliveryRecord>('deliveries').find({ notification: id }).toArray();
async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error('it did not happen');
    await sleep(20);
  }
}
const ended = (id: string) =>
  until(async () => ((await notification(id))?.completedAt ? deliveries(id) : undefined));
/** What the first attempt at the address of this test is answered, when the test has done what comes before. */
function firstAnswer() {
  const answer = Promise.withResolvers<SendOutcome>();
  const to = address;
  answers.set(to, () => {
    answers.delete(to);
    return answer.promise;
  });
  const isUnderWay = (id: string) => until(async () => sentTo(to)[0] && (await deliveries(id))[0]);
  return { answer, isUnderWay };
}
const LATER: SendOutcome = { kind: 'rateLimited', message: 'later', retryAfterMs: 200 };
const sentTo = (to: string) => sent.filter((message) => message.address === to);
const codeIn = (message: OutgoingMessage | undefined): string => {
  const code = /\d{10}/.exec(message?.body ?? '')?.[0];
  if (code === undefined) throw new Error(`no code in ${JSON.stringify(message)}`);
  return code;
};

/** Everything that is stored, as text: each document of each collection, each value in Redis. */
async function everythingStored(): Promise<string> {
  const { mongo, redis } = graph.connections;
  const parts: string[] = [];
  for (const { name } of await mongo.listCollections())
    for await (const document of mongo.collection(name).find()) parts.push(JSON.stringify(document));
  for await (const keys of redis.scanStream({ match: `{${services.namespace}:*`, count: 500 }))
    for (const key of keys as string[]) {
      const type = await redis.type(key);
      const value: unknown =
        type === 'string'
          ? await redis.get(key)
          : type === 'hash'
            ? await redis.hgetall(key)
            : type === 'list'
              ? await redis.lrange(key, 0, -1)
              : type === 'set'
                ? await redis.smembers(key)
                : type === 'zset'
                  ? await redis.zrange(key, '0', '-1')
                  : await redis.xrange(key, '-', '+');
      parts.push(`${key} ${JSON.stringify(value)}`);
    }
  return parts.join('\n');
}

it('sends the code; it stands in no document, no queue, no event, no log', async () => {
  const { id, notification: of } = await request();
  const [delivery] = await ended(of);
  expect(delivery).toMatchObject({ state: 'SENT', priority: 'HIGH', otp: id });
  const [message, ...further] = sentTo(address);
  expect(further).toEqual([]);
  const code = codeIn(message);
  expect(message?.expiresAt).toEqual((await notification(of))?.expiresAt);
  const seen = await everythingStored();
  // It was looked for where it could have been.
  expect(seen).toContain(delivery?._id);
  expect(seen).toContain('--one-time-code--');
  expect(seen).not.toContain(code);
  expect(logged.join('')).not.toContain(code);
  expect(await verify(id, code)).toBe('VERIFIED');
  const [opened] = await deliveries(of);
  expect(opened).toMatchObject({ state: 'DELIVERED', openedAt: expect.any(Date) });
  expect(await everythingStored()).not.toContain(code);
});

it('tries again, with the same code; what a provider repeats of it is not kept', async () => {
  let attempts = 0;
  answers.set(address, ({ body }) => {
    attempts++;
    if (attempts === 1)
      return {
        kind: 'retryable',
        code: 'CHANNEL_TIMEOUT',
        message: `no answer to ${body}`,
        mayHaveSent: true,
      };
    if (attempts === 2) throw new Error(`cannot send ${body}`);
    return { kind: 'accepted' };
  });
  const { id, notification: of } = await request();
  await until(async () => (await deliveries(of))[0]?.attempt);
  const [delivery] = await until(async () => {
    await sweeper.sweep();
    return (await notification(of))?.completedAt ? deliveries(of) : undefined;
  });
  expect(delivery).toMatchObject({ state: 'SENT', attempt: 3 });
  const [code = '', ...others] = new Set(sentTo(address).map(codeIn));
  expect(others).toEqual([]);
  expect(delivery?.attempts[0]?.errorMessage).toContain('no answer to --one-time-code--');
  expect(await everythingStored()).not.toContain(code);
  expect(logged.join('')).not.toContain(code);
  expect(logged.join('')).toContain('cannot send --one-time-code--');
  expect(await verify(id, code)).toBe('VERIFIED');
});

it('never sends one whose time was over before its turn came', async () => {
  await dispatchNothing();
  const { id, notification: of } = await request({ ttlSeconds: 30 });
  // The time goes by.
  const past = new Date(Date.now() - 1_000);
  const { mongo } = graph.connections;
  await mongo
    .collection<NotificationRecord>('notifications')
    .updateOne({ _id: of }, { $set: { expiresAt: past } });
  await mongo
    .collection<{ _id: string }>('otp_sealed_codes')
    .updateOne({ _id: id }, { $set: { expiresAt: past } });
  dispatch();
  await until(async () => ((await notification(of))?.state === 'EXPIRED' ? true : undefined));
  expect(sentTo(address)).toEqual([]);
});

it('nor one that waits for another attempt when it expires', async () => {
  const { answer, isUnderWay } = firstAnswer();
  const { notification: of } = await request();
  await isUnderWay(of);
  // The time goes by.
  await graph.connections.mongo
    .collection<DeliveryRecord>('deliveries')
    .updateOne({ notification: of }, { $set: { expiresAt: new Date(Date.now() - 1_000) } });
  answer.resolve(LATER);
  const [delivery] = await until(async () => {
    await sweeper.sweep();
    return (await notification(of))?.completedAt ? deliveries(of) : undefined;
  });
  expect(delivery).toMatchObject({ state: 'EXPIRED', attempt: 1 });
  expect(sentTo(address)).toHaveLength(1);
});

it('does not send a code that a newer one has replaced, at its first attempt or a later one', async () => {
  await dispatchNothing();
  const first = await request();
  await sleep(5);
  const second = await request();
  dispatch();
  await ended(second.notification);
  const [former] = await ended(first.notification);
  expect(former).toMatchObject({ state: 'EXPIRED', attempt: 0 });
  expect(sentTo(address)).toHaveLength(1);
  expect(await verify(second.id, codeIn(sentTo(address)[0]))).toBe('VERIFIED');

  address = '+4915277777777';
  const { answer, isUnderWay } = firstAnswer();
  const third = await request();
  await isUnderWay(third.notification);
  const fourth = await request();
  answer.resolve(LATER);
  const [replaced] = await until(async () => {
    await sweeper.sweep();
    return (await notification(third.notification))?.completedAt ? deliveries(third.notification) : undefined;
  });
  expect(replaced).toMatchObject({ state: 'EXPIRED', attempt: 1 });
  await ended(fourth.notification);
  expect(new Set(sentTo(address).map(codeIn)).size).toBe(2);
});

it('goes through when it takes its time: the plan is stored while the attempt is under way', async () => {
  answers.set(address, async () => {
    await sleep(300);
    return { kind: 'accepted' };
  });
  const { id, notification: of } = await request();
  const [delivery] = await ended(of);
  expect(delivery).toMatchObject({ state: 'SENT', attempt: 1 });
  expect(await verify(id, codeIn(sentTo(address)[0]))).toBe('VERIFIED');
});

it('a failed one is sent again while its code lives, to where it went; afterwards no more', async () => {
  answers.set(address, () => ({ kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message: 'no' }));
  const { id, notification: of } = await request();
  const [failed] = await ended(of);
  expect(failed?.state).toBe('FAILED');
  const code = codeIn(sentTo(address)[0]);
  const REPLAY = `mutation ($ids: [ID!], $edit: ReplayEditInput) {
    replayDeadLetters(ids: $ids, edit: $edit) { replays { id } }
  }`;
  expect(
    await graph.refused(OLGA, REPLAY, { ids: [failed?._id], edit: { address: '+4915200000099' } }),
  ).toMatchObject({ code: 'CONFLICT', field: 'edit' });
  answers.delete(address);
  const { replayDeadLetters } = await graph.run<{ replayDeadLetters: { replays: { id: string }[] } }>(
    OLGA,
    REPLAY,
    { ids: [failed?._id] },
  );
  const again = replayDeadLetters.replays[0]?.id ?? '';
  const [arrived] = await ended(again);
  expect(arrived).toMatchObject({ state: 'SENT', otp: id, address });
  // What was sent is not sent again and again past the limits.
  expect(
    await graph.refused(
      OLGA,
      'mutation ($id: ID!, $of: [ID!]) { replayNotification(id: $id, deliveries: $of) { id } }',
      { id: again, of: [arrived?._id] },
    ),
  ).toMatchObject({ code: 'CONFLICT', field: 'deliveries' });
  expect((await notification(again))?.expiresAt).toEqual((await notification(of))?.expiresAt);
  expect(codeIn(sentTo(address)[1])).toBe(code);
  expect(await verify(id, code)).toBe('VERIFIED');
  expect((await deliveries(again))[0]?.openedAt).toBeInstanceOf(Date);

  address = '+4915288888888';
  answers.set(address, () => ({ kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message: 'no' }));
  const over = await request();
  await ended(over.notification);
  expect(await verify(over.id, codeIn(sentTo(address)[0]))).toBe('VERIFIED');
  await expect(replay(over.notification)).rejects.toMatchObject({
    extensions: { code: 'CONFLICT' },
    message: expect.stringContaining('has ended'),
  });
});

it('goes to who has unsubscribed from all, and not to a dead address', async () => {
  await graph.users.ensureUser('default', { id: 'quiet', phone: address });
  await graph.users.withdrawConsent('default', 'quiet', { channel: 'SMS' });
  await graph.users.suppress({
    workspace: 'default',
    channel: 'SMS',
    address,
    reason: 'UNSUBSCRIBED',
  });
  const asked = await request({ to: { user: 'quiet' } });
  expect((await ended(asked.notification))[0]).toMatchObject({ state: 'SENT', user: 'quiet' });

  const dead = '+4915266666666';
  await graph.users.suppress({
    workspace: 'default',
    channel: 'SMS',
    address: dead,
    reason: 'INVALID',
  });
  const toNobody = await request({ to: { address: dead } });
  expect((await ended(toNobody.notification))[0]).toMatchObject({
    state: 'SKIPPED',
    skipReason: 'SUPPRESSED',
  });
  expect(sentTo(dead)).toEqual([]);
});

it('goes on another channel when nobody has told it in time, as the same code', async () => {
  const email = 'fallback@example.com';
  await graph.users.ensureUser('default', { id: 'late', phone: address, email });
  const { id, notification: of } = await request({
    to: { user: 'late' },
    fallback: [{ channel: 'EMAIL', afterSeconds: 1 }],
  });
  await until(() => sentTo(address)[0]);
  expect(sentTo(email)).toEqual([]);
  const [message] = await until(async () => {
    await sweeper.sweep();
    return sentTo(email).length > 0 ? sentTo(email) : undefined;
  });
  const code = codeIn(message);
  expect(codeIn(sentTo(address)[0])).toBe(code);
  expect([sentTo(address)[0]?.title, message?.title]).toEqual([undefined, 'Your code']);
  await ended(of);
  expect(await verify(id, code)).toBe('VERIFIED');
});

it('a call reads it digit by digit, to the same number', async () => {
  const { id } = await request({ fallback: [{ channel: 'VOICE', afterSeconds: 1 }], locale: 'de' });
  const [text, call] = await until(async () => {
    await sweeper.sweep();
    return sentTo(address).length > 1 ? sentTo(address) : undefined;
  });
  const code = codeIn(text);
  expect(call).toMatchObject({ channel: 'VOICE', locale: 'de' });
  expect(call?.body).toContain([...code].join(', '));
  expect(await verify(id, code)).toBe('VERIFIED');
});

it('and not when they have, nor once a newer one has taken its place', async () => {
  const email = 'in-time@example.com';
  await graph.users.ensureUser('default', { id: 'early', phone: address, email });
  const fallback = [{ channel: 'EMAIL', afterSeconds: 20 }];
  const told = await request({ to: { user: 'early' }, fallback });
  const code = codeIn(await until(() => sentTo(address)[0]));
  await until(async () => (await deliveries(told.notification)).find(({ state }) => state === 'SENT'));
  expect(await verify(told.id, code)).toBe('VERIFIED');
  const all = await ended(told.notification);
  expect(new Map(all.map((d) => [d.channel, d.skipReason ?? d.state]))).toEqual(
    new Map([
      ['SMS', 'DELIVERED'],
      ['EMAIL', 'FALLBACK_NOT_NEEDED'],
    ]),
  );

  const replaced = await request({
    to: { user: 'early' },
    fallback: [{ channel: 'EMAIL', afterSeconds: 6 }],
  });
  await sleep(5);
  await request({ to: { user: 'early' } });
  const both = await until(async () => {
    await sweeper.sweep();
    return (await notification(replaced.notification))?.completedAt
      ? deliveries(replaced.notification)
      : undefined;
  });
  expect(both.find(({ channel }) => channel === 'EMAIL')?.state).toBe('EXPIRED');
  expect(sentTo(email)).toEqual([]);
});

it("a template's words hold the code, in the language that was asked for", async () => {
  await graph.run(
    OLGA,
    `mutation {
      saveTemplate(input: { id: "otp", name: "OTP", category: "ads", contents: [
        { channel: EMAIL, title: "{{code}}", body: "{{code}} {{purpose}} {{ttlMinutes}}", html: "<b>{{code}}</b>", url: "https://example.com/?c={{code}}" }
        { channel: EMAIL, locale: "fr", title: "{{code}}", body: "Votre code: {{code}}" }
      ] }) { id }
      publishTemplate(id: "otp") { publishedVersion }
    }`,
    {},
    'templates',
  );
  const to = { address: 'jane@example.com' };
  const asked = await request({ to, channel: 'EMAIL', template: 'otp', ttlSeconds: 90 });
  await ended(asked.notification);
  const [message] = sentTo('jane@example.com');
  const code = codeIn(message);
  expect(message).toMatchObject({
    title: code,
    body: `${code} login 2`,
    html: `<b>${code}</b>`,
    url: `https://example.com/?c=${code}`,
  });
  await sleep(5);
  const french = await request({ to, channel: 'EMAIL', template: 'otp', locale: 'fr-CA' });
  await ended(french.notification);
  expect(sentTo('jane@example.com')[1]?.body).toMatch(/^Votre code: \d{10}$/);
  expect(await everythingStored()).not.toContain(code);
});
