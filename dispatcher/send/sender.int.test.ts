import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import { loadSettings } from '../../platform/config/settings.ts';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import { metricsRegistry } from '../../platform/http/metrics.ts';
import { parseCircuit } from '../../platform/provider-health/circuit-record.ts';
import type { QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import type { DeliveryRecord, Outbox } from '../../subgraphs/notifications/index.ts';
import {
  notification,
  type OpenStore,
  openStore,
  silent,
} from '../../subgraphs/notifications/testing/open-store.ts';
import type { NewSuppression } from '../../subgraphs/users/index.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { ChannelAccounts } from '../accounts/channel-accounts.ts';
import { type Provider, stoppedOutcome } from '../channels/contract.ts';
import { type ConfiguredProvider, createProviders } from '../channels/registry.ts';
import { memoryDeliveryTokens, memorySharedValues } from '../channels/testing/test-deps.ts';
import { webhook as webhookDefinition } from '../channels/webhook/provider.ts';
import { CLOSED } from '../flow/circuit.ts';
import { providerFlows } from '../flow/provider-flows.ts';
import { FIRST_WINDOW } from '../flow/send-window.ts';
import { policyOf } from './channel-policies.ts';
import { LEASE_MS } from './claims.ts';
import { Sender } from './sender.ts';

const services = freshDatabase();
const SECRETS = {
  WEBHOOK_SIGNING_SECRET: `whsec_${'A'.repeat(32)}`,
  WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
  // A busy machine hears late that it was answered.
  SEND_TIMEOUT_MS: '20000',
};
/** Where nobody answers in time. */
const IMPATIENT = { SEND_TIMEOUT_MS: '400' };
/** Where the test itself says when the provider answers. */
const PATIENT = { SEND_TIMEOUT_MS: '60000' };
let store: OpenStore;
/** Browsers that were signed off; `undefined` says that they cannot be. */
let removed: string[] | undefined = [];
const suppressed: NewSuppression[] = [];
const closing: (() => Promise<unknown> | unknown)[] = [];

beforeAll(async () => {
  store = await openStore(services);
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await store.close();
});

/** The other side of the webhooks: what it answers is decided by `answer`. */
async function receiver(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const received: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      received.push(String(request.headers['webhook-id']));
      answer(request, response);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

/** A worker: a sender of webhooks with circuits of its own over the shared Redis. */
async function worker(
  env: Record<string, string> = {},
  providers?: ConfiguredProvider | readonly ConfiguredProvider[],
  outbox: Outbox = store.outbox,
) {
  const settings = loadSettings({ ...SECRETS, ...env });
  const set = await createProviders(
    settings,
    {
      log: silent,
      now: () => new Date(),
      sharedOf: memorySharedValues,
      keepSandboxMessage: async () => undefined,
      deliveryTokens: memoryDeliveryTokens,
    },
    { sandbox: false },
  );
  const [webhook] = set.accountsFor('WEBHOOK');
  if (!webhook) throw new Error('no webhook provider');
  const own: readonly ConfiguredProvider[] = [providers ?? webhook].flat();
  const { circuits, flowOf } = providerFlows({ settings, connections: store, log: silent });
  const queued: QueuedDelivery[] = [];
  const sender = new Sender({
    channel: 'WEBHOOK',
    outbox,
    users: {
      removeDevices: async (_workspace, ids) => {
        if (!removed) throw new Error('cannot be stored now');
        removed.push(...ids);
      },
      suppress: async (entry) => void suppressed.push(entry),
    },
    accounts: new ChannelAccounts(own.map((provider) => ({ provider, flow: flowOf(provider) }))),
    policyOf: policyOf('WEBHOOK', settings),
    timeoutMs: settings.SEND_TIMEOUT_MS,
    codeOf: async () => undefined,
    enqueue: async (deliveries) => void queued.push(...deliveries),
    log: silent,
  });
  closing.push(async () => {
    await sender.close();
    circuits.close();
    await set.close();
  });
  return { sender, queued, circuits };
}

/** Stored webhooks that wait in their queue. */
async function waiting(
  url: string,
  count: number,
  changes: { priority?: Priority; expiresAt?: Date } = {},
): Promise<string[]> {
  const record = notification({ ...changes, to: [] });
  await store.models.raw.notifications.insertOne(record);
  const { queued } = await store.outbox.storePlans(
    [
      {
        notification: record,
        deliveries: Array.from({ length: count }, (_, i) => ({
          channel: 'WEBHOOK' as const,
          address: `${url}?n=${i}`,
          content: { body: 'Hello', locale: 'en' },
        })),
      },
    ],
    new Date(),
  );
  return queued.map(({ id }) => id);
}
const stored = async (ids: readonly string[]): Promise<DeliveryRecord[]> =>
  store.models.raw.deliveries
    .find({ _id: { $in: [...ids] } })
    .sort({ _id: 1 })
    .toArray();
const one = async (id: string | undefined): Promise<DeliveryRecord> => {
  const [record] = await stored([id ?? '']);
  if (!record) throw new Error('not stored');
  return record;
};
const dueIn = ({ nextAttemptAt }: DeliveryRecord): number => (nextAttemptAt?.getTime() ?? 0) - Date.now();
const metric = async (name: string, labels: string): Promise<number> => {
  const line = (await metricsRegistry.getSingleMetricAsString(name))
    .split('\n')
    .find((text) => text.startsWith(`${name}{`) && text.includes(labels));
  return Number(line?.split(' ').at(-1) ?? 0);
};

describe('what a receiver does wrong', () => {
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ['500', (_request, response) => response.writeHead(500).end(), 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['resets', (request) => request.socket.resetAndDestroy(), 'CHANNEL_CONNECTION_FAILED'],
    ['does not answer', () => undefined, 'CHANNEL_TIMEOUT'],
    [
      'breaks off in its headers',
      (request) => request.socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
      'CHANNEL_CONNECTION_FAILED',
    ],
  ])('%s: tried again, with the same id', async (_what, wrong, code) => {
    let calls = 0;
    const { url, received } = await receiver((request, response) =>
      ++calls === 1 ? wrong(request, response) : response.writeHead(204).end(),
    );
    // Long enough for the request to arrive.
    const { sender, queued } = await worker(code === 'CHANNEL_TIMEOUT' ? { SEND_TIMEOUT_MS: '2000' } : {});
    const patient = await worker();
    const [id] = await waiting(url, 1);
    const started = Date.now();
    await sender.send([id ?? ''], 0, 'MEDIUM');
    const first = await one(id);
    expect(first).toMatchObject({ state: 'QUEUED', attempt: 1, attempts: [{ ok: false, errorCode: code }] });
    const due = first.nextAttemptAt?.getTime() ?? 0;
    expect(due - started).toBeGreaterThan(490);
    expect(due - Date.now()).toBeLessThanOrEqual(2_000);
    expect(queued).toMatchObject([{ id, attempt: 1, priority: 'MEDIUM' }]);
    await patient.sender.send([id ?? ''], 1, 'MEDIUM');
    expect(await one(id)).toMatchObject({ state: 'SENT', attempt: 2 });
    expect(received).toEqual([id, id]);
  });

  it('half a body after its 200: it has taken the message', async () => {
    const { url } = await receiver((request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('half');
      setTimeout(() => request.socket.destroy(), 20);
    });
    const { sender } = await worker();
    const ids = await waiting(url, 3);
    await sender.send(ids, 0);
    for (const delivery of await stored(ids)) expect(delivery.state).toBe('SENT');
  });

  it('a retry that would come after the expiry is EXPIRED at it, untried', async () => {
    const { url, received } = await receiver((_request, response) => response.writeHead(500).end());
    const { sender } = await worker({ SEND_RETRY_BASE_MS: '600000', SEND_RETRY_MAX_MS: '600000' });
    const expiresAt = new Date(Date.now() + 120_000);
    const [id] = await waiting(url, 1, { expiresAt });
    await sender.send([id ?? ''], 0);
    expect(await one(id)).toMatchObject({ state: 'QUEUED', nextAttemptAt: expiresAt });
    // The time goes by.
    const past = new Date(sharedNow() - 1_000);
    await store.models.raw.deliveries.updateOne({ _id: id ?? '' }, { $set: { expiresAt: past } });
    await sender.send([id ?? ''], 1);
    expect(await one(id)).toMatchObject({ state: 'EXPIRED', attempt: 1 });
    expect(received).toHaveLength(1);
  });
});

describe('a receiver that asks to wait', () => {
  it.each([429, 503])(
    '%i with Retry-After: its host is paused for all workers, others are not',
    async (status) => {
      const { url, received } = await receiver((_request, response) =>
        response.writeHead(status, { 'retry-after': '30' }).end(),
      );
      const other = await receiver((_request, response) => response.writeHead(204).end());
      const [a, b] = [await worker(), await worker()];
      const [first, ...rest] = await waiting(url, 20);
      await a.sender.send([first ?? ''], 0);
      const limited = await one(first);
      expect(limited).toMatchObject({ state: 'QUEUED', attempts: [{ errorCode: 'CHANNEL_RATE_LIMITED' }] });
      expect(dueIn(limited)).toBeGreaterThan(20_000);
      await expect.poll(() => a.circuits.seen().some(({ state }) => state === 'paused')).toBe(true);
      await b.sender.send(rest, 0);
      expect(received).toHaveLength(1);
      const putOff = await stored(rest);
      expect(putOff).toHaveLength(19);
      for (const delivery of putOff) {
        expect(delivery).toMatchObject({ state: 'QUEUED', attempt: 0, attempts: [], fence: null });
        expect(dueIn(delivery)).toBeGreaterThan(15_000);
        expect(dueIn(delivery)).toBeLessThan(36_000);
      }
      expect(new Set(putOff.map((d) => d.nextAttemptAt?.getTime())).size).toBeGreaterThan(2);
      const ids = await waiting(other.url, 3);
      await b.sender.send(ids, 0);
      for (const delivery of await stored(ids)) expect(delivery.state).toBe('SENT');
    },
  );

  it('does not use up the attempts', async () => {
    let answers = 0;
    const { url } = await receiver((_request, response) =>
      ++answers <= 4 ? response.writeHead(429, { 'retry-after': '0' }).end() : response.writeHead(204).end(),
    );
    const { sender } = await worker({
      SEND_MAX_ATTEMPTS: '2',
      SEND_RETRY_BASE_MS: '1',
      SEND_RETRY_MAX_MS: '2',
    });
    const [id] = await waiting(url, 1);
    for (let attempt = 0; attempt < 5; attempt++) await sender.send([id ?? ''], attempt);
    expect(await one(id)).toMatchObject({ state: 'SENT', attempt: 5 });
  });
});

/** Of a provider that stays away, in so much time: each pause is twice the one before, the first at least 0.8 s. */
const mostProbes = (ms: number): number => Math.floor(Math.log2(1 + ms / 800));

describe('a receiver that fails', () => {
  it('is left alone by all workers until a probe goes through, without an attempt counted', async () => {
    let up = false;
    let askedAgainAt = 0;
    const { url, received } = await receiver((_request, response) => {
      if (up) askedAgainAt ||= sharedNow();
      response.writeHead(up ? 204 : 500).end();
    });
    const [a, b] = [await worker(), await worker()];
    const ids = await waiting(url, 60);
    const openedBefore = sharedNow();
    await a.sender.send(ids.slice(0, 10), 0, 'LOW');
    await expect.poll(() => a.circuits.seen().some(({ state }) => state === 'open')).toBe(true);
    expect(received).toHaveLength(10);
    const circuit = parseCircuit(await store.redis.get(store.names.circuit('webhook', new URL(url).host)));
    expect(circuit).toMatchObject({
      state: 'open',
      until: expect.toSatisfy((at: number) => at > openedBefore),
    });
    up = true;
    // Waits here for the probe, which is due within a second.
    await b.sender.send(ids.slice(10), 0, 'LOW');
    expect(askedAgainAt).toBeGreaterThanOrEqual(circuit?.until ?? Number.POSITIVE_INFINITY);
    const rest = await stored(ids.slice(10));
    expect(rest.every((d) => d.attempt === (d.state === 'SENT' ? 1 : 0))).toBe(true);
    expect(rest.filter((d) => d.state === 'SENT').length).toBeGreaterThan(10);
    expect(await metric('herald_send_attempts_total', 'outcome="retryable"')).toBeGreaterThanOrEqual(10);
  });

  it('is probed by one attempt at a time while it stays away, and costs nobody an attempt', async () => {
    const { url, received } = await receiver((_request, response) => response.writeHead(500).end());
    const { sender, circuits } = await worker();
    const ids = await waiting(url, 110);
    const started = performance.now();
    await sender.send(ids.slice(0, 10), 0, 'LOW');
    await expect.poll(() => circuits.seen().some(({ state }) => state === 'open')).toBe(true);
    await sender.send(ids.slice(10), 0, 'LOW');
    const rest = await stored(ids.slice(10));
    const tried = rest.filter((d) => d.attempt > 0).length;
    expect(received).toHaveLength(10 + tried);
    expect(tried).toBeLessThanOrEqual(mostProbes(performance.now() - started));
    for (const delivery of rest.filter((d) => d.attempt === 0))
      expect(delivery).toMatchObject({ state: 'QUEUED', fence: null, attempts: [] });
  });
});

describe('rates and quotas', () => {
  it('two workers together keep to the rate; what finds no room in time goes back untried', async () => {
    const { url, received } = await receiver((_request, response) => response.writeHead(204).end());
    // A process that stands still hears too late that it was answered: that is not what is shown here.
    const env = { PROVIDER_RATES: 'webhook=20', SEND_TIMEOUT_MS: '60000' };
    const [a, b] = [await worker(env), await worker(env)];
    const ids = await waiting(url, 300);
    const started = performance.now();
    await Promise.all([a.sender.send(ids.slice(0, 150), 0, 'LOW'), b.sender.send(ids.slice(150), 0, 'LOW')]);
    const seconds = (performance.now() - started) / 1_000;
    expect(received.length).toBeLessThanOrEqual(20 * (seconds + 1) + 1);
    // A machine that is busy loses some of it: nothing is made up for.
    expect(received.length).toBeGreaterThan((20 * seconds) / 4);
    const all = await stored(ids);
    const arrived = new Set(received);
    expect(all.filter((d) => d.state !== 'SENT' && arrived.has(d._id))).toEqual([]);
    expect(all.filter((d) => d.state === 'SENT')).toHaveLength(received.length);
    for (const delivery of all.filter((d) => d.state !== 'SENT')) {
      expect(delivery).toMatchObject({ state: 'QUEUED', attempt: 0 });
      expect(delivery.fence ?? null).toBeNull();
    }
    expect(new Set(received).size).toBe(received.length);
  });

  it('a code goes out at once although LOW uses the rate up', async () => {
    const { url, received } = await receiver((_request, response) => response.writeHead(204).end());
    const { sender } = await worker({ PROVIDER_RATES: 'webhook=20' });
    const [code = ''] = await waiting(url, 1, { priority: 'HIGH' });
    const bulk = sender.send(await waiting(url, 100, { priority: 'LOW' }), 0, 'LOW');
    // More than its bucket holds.
    await expect.poll(() => received.length).toBeGreaterThan(5);
    const before = received.length;
    await sender.send([code], 0, 'HIGH');
    expect(await one(code)).toMatchObject({ state: 'SENT' });
    // Of the forty that wait in hand hardly any goes before it.
    expect(received.indexOf(code) - before).toBeLessThan(10);
    sender.stopWaiting();
    await bulk;
  });

  it('beyond the daily quota they wait for midnight, or end before', async () => {
    const { url, received } = await receiver((_request, response) => response.writeHead(204).end());
    const { sender } = await worker({ PROVIDER_DAILY_QUOTAS: 'webhook=2' });
    // The day must not end in between.
    const left = new Date().setUTCHours(24, 0, 0, 0) - Date.now();
    if (left < 60_000) await sleep(left + 1_000);
    await sender.send(await waiting(url, 2, { priority: 'HIGH' }), 0, 'HIGH');
    expect(received).toHaveLength(2);
    const expiresAt = new Date(Date.now() + 40_000);
    const [late] = await waiting(url, 1, { priority: 'HIGH' });
    const [soon] = await waiting(url, 1, { priority: 'HIGH', expiresAt });
    const before = Date.now();
    await sender.send([late ?? '', soon ?? ''], 0, 'HIGH');
    expect(received).toHaveLength(2);
    const midnight = new Date(new Date().setUTCHours(24, 0, 0, 0));
    const put = await one(late);
    expect(put).toMatchObject({ state: 'QUEUED', attempt: 0, fence: null });
    // Somebody may have raised it within an hour.
    const expected = Math.min(midnight.getTime(), before + 3_600_000);
    expect(put.nextAttemptAt?.getTime()).toBeGreaterThan(expected - 2_000);
    expect(put.nextAttemptAt?.getTime()).toBeLessThan(expected + 60_000);
    expect((await one(soon)).nextAttemptAt).toEqual(expiresAt);
  });
});

/** A provider of the test's own, in the place of the webhook's. */
function scripted(id: string, send: Provider['send']): ConfiguredProvider {
  return { id, provider: { send, concurrency: 4 }, definition: webhookDefinition };
}

describe('a provider that breaks its contract', () => {
  it('holds no slot for ever, and its messages are tried again', async () => {
    const { sender } = await worker(
      IMPATIENT,
      scripted('deaf', () => new Promise(() => undefined)),
    );
    const ids = await waiting('http://127.0.0.1:9/', 8);
    const started = performance.now();
    await sender.send(ids, 0, 'HIGH');
    expect(performance.now() - started).toBeLessThan(60_000);
    const all = await stored(ids);
    for (const delivery of all) expect(delivery.state).toBe('QUEUED');
    const attempts = all.flatMap((delivery) => delivery.attempts);
    // The circuit opens by four of them: the others are put off untried, unless they began before it was known.
    expect(attempts.length).toBeGreaterThanOrEqual(4);
    for (const attempt of attempts) expect(attempt).toMatchObject({ errorCode: 'CHANNEL_TIMEOUT' });
    expect(sender.room('HIGH')).toBe(4);
    expect(await metric('herald_send_provider_breaches_total', 'provider="deaf",breach="overran"')).toBe(
      attempts.length,
    );
  });

  it('throws: tried again, as nobody knows', async () => {
    const { sender } = await worker(
      {},
      scripted('bug', () => Promise.reject(new Error('bug'))),
    );
    const [id] = await waiting('http://127.0.0.1:9/', 1);
    await sender.send([id ?? ''], 0);
    expect(await one(id)).toMatchObject({ state: 'QUEUED', attempts: [{ errorCode: 'CHANNEL_INTERNAL' }] });
  });
});

describe('a browser that is gone', () => {
  const gone = () =>
    scripted('gone', async () => ({
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_GONE',
      message: 'gone',
    }));

  it.each([
    ['is signed off', [], { keys: { p256dh: 'x', auth: 'x' } }],
    ['is signed off, also a phone', [], {}],
    ['is a failure all the same when it cannot be signed off', undefined, {}],
  ])('%s', async (_what, before, keys) => {
    removed = before && [];
    const { sender } = await worker({}, gone());
    const [id] = await waiting('http://127.0.0.1:9/', 1);
    const device = { id: 'dev_1', ...keys };
    await store.models.raw.deliveries.updateOne({ _id: id ?? '' }, { $set: { device } });
    await sender.send([id ?? ''], 0);
    expect(await one(id)).toMatchObject({ state: 'FAILED', attempt: 1 });
    expect(removed).toEqual(before && ['dev_1']);
    expect(suppressed).toEqual([]);
  });
});

describe('an address', () => {
  it.each([
    ['CHANNEL_ADDRESS_GONE', true],
    ['CHANNEL_ADDRESS_INVALID', false],
  ] as const)('of which a provider says %s: suppressed: %s', async (code, isDead) => {
    suppressed.length = 0;
    const dead = scripted('dead', async () => ({ kind: 'invalidRecipient', code, message: 'no such' }));
    const { sender } = await worker({}, dead);
    const [id] = await waiting('http://127.0.0.1:9/dead', 1);
    await sender.send([id ?? ''], 0);
    expect(await one(id)).toMatchObject({ state: 'FAILED', attempt: 1 });
    const entry = {
      workspace: 'default',
      channel: 'WEBHOOK',
      address: expect.stringContaining('http://127.0.0.1:9/dead'),
    };
    expect(suppressed).toEqual(
      isDead ? [{ ...entry, reason: 'INVALID', account: 'dead', delivery: id }] : [],
    );
  });
});

describe('first attempts, before the plan is stored', () => {
  const unstored = (id: string): DeliveryRecord => ({
    _id: id,
    workspace: 'default',
    app: 'app_test',
    notification: `ntf_${id}`,
    sole: true,
    channel: 'WEBHOOK',
    address: 'http://127.0.0.1:9/',
    state: 'QUEUED',
    attempt: 0,
    attempts: [],
    priority: 'MEDIUM',
    content: { body: 'Hello', locale: 'en' },
    createdAt: new Date(),
    nextAttemptAt: null,
    fence: null,
  });

  it('hands the outcome to the plan when it comes in time', async () => {
    const { sender } = await worker(
      {},
      scripted('fast', async () => ({ kind: 'accepted', providerMessageId: 'm' })),
    );
    expect(sender.room('MEDIUM')).toBe(3);
    const begun = sender.begin(unstored('dlv_fast'));
    expect(await begun.outcome).toMatchObject({
      attempt: { ok: true, provider: 'fast' },
      result: { kind: 'sent', providerMessageId: 'm' },
    });
    expect(sender.room('MEDIUM')).toBe(3);
  });

  it('records it itself when it is left and stored', async () => {
    let answer: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { sender } = await worker(
      PATIENT,
      scripted('slow', async () => {
        await slow;
        return { kind: 'accepted' };
      }),
    );
    const delivery = unstored('dlv_slow');
    const begun = sender.begin(delivery);
    let tell: (stored: boolean) => void = () => undefined;
    const claim = begun.leave(new Promise((resolve) => (tell = resolve)));
    expect(claim).toMatchObject({ kind: 'underWay', fence: sender.fence });
    answer();
    await store.models.raw.deliveries.insertOne({
      ...delivery,
      state: 'SENDING',
      fence: claim.fence,
      nextAttemptAt: claim.leaseUntil,
    });
    tell(true);
    await expect.poll(async () => (await one('dlv_slow')).state).toBe('SENT');
  });

  it('puts off what turns out to have no room, once it is stored', async () => {
    const answer = Promise.withResolvers<void>();
    const { sender } = await worker(
      PATIENT,
      scripted('busy', async () => {
        await answer.promise;
        return { kind: 'accepted' };
      }),
    );
    const begun = Array.from({ length: 5 }, (_, i) => sender.begin(unstored(`dlv_busy${i}`)));
    expect(sender.room('MEDIUM')).toBe(0);
    const isStored = Promise.withResolvers<boolean>();
    const claims = begun.map(({ leave }) => leave(isStored.promise));
    await store.models.raw.deliveries.insertMany(
      claims.map((claim, i) => ({
        ...unstored(`dlv_busy${i}`),
        state: 'SENDING' as const,
        fence: claim.fence,
        nextAttemptAt: claim.leaseUntil,
      })),
    );
    isStored.resolve(true);
    answer.resolve();
    await sender.close();
    const states = (await stored(begun.map((_, i) => `dlv_busy${i}`))).map((d) => d.state);
    expect(states.sort()).toEqual(['QUEUED', 'QUEUED', 'SENT', 'SENT', 'SENT']);
  });

  it('does not send what waited for a place and was not stored meanwhile', async () => {
    const answer = Promise.withResolvers<void>();
    const sent: string[] = [];
    const { sender } = await worker(
      PATIENT,
      soleAccount('full', {
        async send({ delivery }) {
          sent.push(delivery);
          await answer.promise;
          return { kind: 'accepted' };
        },
      }),
    );
    const dropped = () => metric('herald_send_dropped_total', 'reason="plan"');
    const before = await dropped();
    const begun = Array.from({ length: FIRST_WINDOW + 1 }, (_, i) => sender.begin(unstored(`dlv_full${i}`)));
    await expect.poll(() => sent.length, { timeout: 15_000 }).toBe(FIRST_WINDOW);
    for (const { leave } of begun) leave(Promise.resolve(false));
    await Promise.resolve();
    answer.resolve();
    await expect.poll(dropped, { timeout: 15_000 }).toBe(before + begun.length);
    expect(sent).toHaveLength(FIRST_WINDOW);
  }, 60_000);
});

/** An account of a provider without idempotency keys, all of whose recipients are the vendor's. */
const soleAccount = (id: string, provider: Provider): ConfiguredProvider => {
  const { destination: _, ...definition } = webhookDefinition;
  return { id, provider, definition: { ...definition, capabilities: { idempotent: false, html: false } } };
};

describe('an account that falls silent', () => {
  it('holds few messages of which nobody knows, and is asked before it is given another', async () => {
    let silent = true;
    const asked = { messages: 0, health: 0 };
    const answered = async (signal: AbortSignal): Promise<boolean> => {
      if (silent) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return !signal.aborted;
    };
    const account = soleAccount('silent', {
      async send(_message, { signal }) {
        asked.messages++;
        return (await answered(signal)) ? { kind: 'accepted' } : stoppedOutcome(signal, true);
      },
      async health(signal) {
        asked.health++;
        return (await answered(signal)) ? { ok: true } : { ok: false, message: 'no answer' };
      },
    });
    const impatient = { SEND_TIMEOUT_MS: '5000' };
    const workers = [await worker(impatient, account), await worker(impatient, account)];
    const ids = await waiting('http://127.0.0.1:9/', 200);
    const sendAll = (all: readonly string[]) =>
      Promise.all(
        workers.map(({ sender }, n) =>
          sender.send(
            all.filter((_id, index) => index % 2 === n),
            0,
            'MEDIUM',
          ),
        ),
      );
    await sendAll(ids);
    const isOpen = () =>
      workers.every(({ circuits }) => circuits.seen().every(({ state }) => state !== 'closed'));
    await expect.poll(isOpen, { timeout: 15_000 }).toBe(true);
    const failed = (await stored(ids)).filter(({ state }) => state === 'FAILED');
    expect(failed).toHaveLength(asked.messages);
    expect(asked.messages).toBeGreaterThanOrEqual(4);
    // Two windows, and what each may have begun before the circuit was known to be open.
    expect(asked.messages).toBeLessThanOrEqual(2 * (FIRST_WINDOW + 2));
    const lost = asked.messages;
    const sendOne = async () => {
      const more = await waiting('http://127.0.0.1:9/', 2);
      await sendAll(more);
      return (await stored(more)).some(({ state }) => state === 'SENT');
    };
    await expect
      .poll(async () => (await sendOne()) || asked.health, { timeout: 40_000 })
      .toBeGreaterThanOrEqual(1);
    expect(asked.messages).toBe(lost);
    silent = false;
    await expect.poll(sendOne, { timeout: 60_000, interval: 200 }).toBe(true);
  }, 180_000);

  it('what its open circuit puts off comes back when it is probed, by its queue', async () => {
    const account = soleAccount('shut', { send: async () => ({ kind: 'accepted' }) });
    const { sender, queued } = await worker({}, account);
    const until = sharedNow() + 40_000;
    await store.redis.set(
      store.names.circuit('shut'),
      JSON.stringify({ ...CLOSED, state: 'open', opens: 6, openedAt: sharedNow(), until }),
    );
    const ids = await waiting('http://127.0.0.1:9/', 40);
    const began = sharedNow();
    await sender.send(ids, 0, 'LOW');
    // Between asking for how long and putting off the machine may have stood still.
    const tookMs = sharedNow() - began;
    for (const { nextAttemptAt, attempt, attempts } of await stored(ids)) {
      expect(nextAttemptAt?.getTime()).toBeGreaterThanOrEqual(until);
      expect(nextAttemptAt?.getTime()).toBeLessThanOrEqual(until + 2_250 + tookMs);
      expect([attempt, attempts]).toEqual([0, []]);
    }
    expect(queued.map(({ id }) => id).sort()).toEqual(ids.toSorted());
    // Few moments, so that they are few jobs.
    expect(new Set(queued.map(({ nextAttemptAt }) => nextAttemptAt.getTime())).size).toBeLessThanOrEqual(
      10 + tookMs / 250,
    );
  });
});

describe('two accounts', () => {
  /** Makes all attempts that are due now, as the queues would. */
  async function sendAll(sender: Sender, queued: QueuedDelivery[], ids: readonly string[]): Promise<void> {
    await sender.send(ids, 0, 'HIGH');
    while (queued.length > 0) {
      const due = queued.splice(0);
      for (const [attempt, own] of Map.groupBy(due, (d) => d.attempt))
        await sender.send(
          own.map((d) => d.id),
          attempt,
          'HIGH',
        );
    }
  }

  it('one that refuses its credentials: the other sends, and soon it alone is asked', async () => {
    const asked = { broken: 0, sound: 0 };
    const { sender, queued } = await worker({}, [
      scripted('broken', async () => {
        asked.broken++;
        return { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', message: 'no such key' };
      }),
      scripted('sound', async () => {
        asked.sound++;
        return { kind: 'accepted', providerMessageId: 'm' };
      }),
    ]);
    const first = await waiting('http://127.0.0.1:9/', 40);
    const started = performance.now();
    await sendAll(sender, queued, first);
    const sent = await stored(first);
    expect(new Set(sent.map((d) => `${d.state} ${d.provider}`))).toEqual(new Set(['SENT sound']));
    const both = sent.filter((d) => d.attempts.length === 2);
    expect(both.length).toBe(asked.broken);
    expect(both[0]?.attempts).toMatchObject([
      { provider: 'broken', ok: false, errorCode: 'CHANNEL_UNAUTHORIZED' },
      { provider: 'sound', ok: true },
    ]);
    // Its breaker is open now.
    const before = asked.broken;
    const later = await waiting('http://127.0.0.1:9/', 200);
    await sendAll(sender, queued, later);
    expect(new Set((await stored(later)).map(({ state }) => state))).toEqual(new Set(['SENT']));
    expect(asked.broken - before).toBeLessThanOrEqual(mostProbes(performance.now() - started));
    expect(asked.sound).toBe(240);
  });

  it('one that asks to wait: the other sends at once', async () => {
    const { sender, queued } = await worker({}, [
      scripted('full', async () => ({ kind: 'rateLimited', message: 'later', retryAfterMs: 60_000 })),
      scripted('free', async () => ({ kind: 'accepted' })),
    ]);
    const ids = await waiting('http://127.0.0.1:9/', 20);
    const startedAt = performance.now();
    await sendAll(sender, queued, ids);
    expect(new Set((await stored(ids)).map((d) => `${d.state} ${d.provider}`))).toEqual(
      new Set(['SENT free']),
    );
    expect(performance.now() - startedAt).toBeLessThan(50_000);
  });

  it('both fail: the usual pauses, then a dead letter; what may have been sent is not sent through the other', async () => {
    const failing = (id: string) =>
      scripted(id, async () => ({
        kind: 'retryable',
        code: 'CHANNEL_PROVIDER_UNAVAILABLE',
        message: 'down',
        mayHaveSent: false,
      }));
    const policy = { SEND_MAX_ATTEMPTS: '2', SEND_RETRY_BASE_MS: '60000' };
    const down = await worker(policy, [failing('a-down'), failing('b-down')]);
    const [id = ''] = await waiting('http://127.0.0.1:9/', 1);
    await down.sender.send([id], 0, 'HIGH');
    expect(down.queued).toMatchObject([{ id, attempt: 1 }]);
    await down.sender.send([id], 1, 'HIGH');
    expect(await one(id)).toMatchObject({
      state: 'FAILED',
      attempts: [{ provider: 'a-down' }, { provider: 'b-down' }],
    });

    const unsure = await worker(policy, [
      scripted('unsure', async () => ({
        kind: 'retryable',
        code: 'CHANNEL_TIMEOUT',
        message: 'no answer',
        mayHaveSent: true,
      })),
      scripted('never', async () => ({ kind: 'accepted' })),
    ]);
    const [other = ''] = await waiting('http://127.0.0.1:9/', 1);
    await unsure.sender.send([other], 0, 'HIGH');
    const after = await one(other);
    expect(after.attempts.map(({ provider }) => provider)).toEqual(['unsure']);
    expect(after.provider).not.toBe('never');
  });

  it('each takes the addresses that are its own; none is told so', async () => {
    const only = (id: string, suffix: string): ConfiguredProvider => {
      const own = scripted(id, async () => ({ kind: 'accepted' }));
      return { ...own, definition: { ...own.definition, takes: (address) => address.includes(suffix) } };
    };
    const { sender } = await worker({}, [only('left', '/left'), only('right', '/right')]);
    const [right = ''] = await waiting('http://127.0.0.1:9/right', 1);
    const [none = ''] = await waiting('http://127.0.0.1:9/none', 1);
    await sender.send([right, none], 0, 'HIGH');
    expect(await one(right)).toMatchObject({ state: 'SENT', provider: 'right' });
    expect(await one(none)).toMatchObject({
      state: 'FAILED',
      attempts: [{ provider: 'none', errorCode: 'CHANNEL_MISCONFIGURED' }],
    });
  });
});

describe('two workers', () => {
  it('a worker whose claim was taken over while it stood still changes nothing', async () => {
    let answer: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const stalled = await worker(
      PATIENT,
      scripted('stalled', async () => {
        await slow;
        return { kind: 'accepted', providerMessageId: 'of the stalled one' };
      }),
    );
    const healthy = await worker(
      {},
      scripted('healthy', async () => ({ kind: 'accepted', providerMessageId: 'm' })),
    );
    const [id] = await waiting('http://127.0.0.1:9/', 1);
    const late = stalled.sender.send([id ?? ''], 0);
    await expect.poll(async () => (await one(id)).state).toBe('SENDING');
    // What the sweeper does with a claim that has run out.
    await store.models.raw.deliveries.updateOne(
      { _id: id ?? '' },
      { $set: { state: 'QUEUED', fence: null } },
    );
    await healthy.sender.send([id ?? ''], 0);
    answer();
    await late;
    expect(await one(id)).toMatchObject({ state: 'SENT', attempt: 1, providerMessageId: 'm' });
  });

  it('a worker that stood still after its claim makes no attempt', async () => {
    let calls = 0;
    const provider = scripted('late', async () => {
      calls++;
      return { kind: 'accepted' };
    });
    // Its claim is written, and it learns of it after most of the lease.
    const outbox: Outbox = Object.assign(Object.create(store.outbox) as Outbox, {
      claim: async (...claim: Parameters<Outbox['claim']>) => {
        const claimed = await store.outbox.claim(...claim);
        await sleep(LEASE_MS - 900);
        return claimed;
      },
      // Who stands still renews nothing.
      renew: () => Promise.reject(new Error('stands still')),
    });
    const { sender } = await worker({}, provider, outbox);
    const [id] = await waiting('http://127.0.0.1:9/', 1);
    const before = await metric('herald_send_dropped_total', 'reason="lease"');
    await sender.send([id ?? ''], 0);
    expect(calls).toBe(0);
    expect(await one(id)).toMatchObject({ state: 'SENDING', fence: sender.fence, attempt: 0 });
    expect(await metric('herald_send_dropped_total', 'reason="lease"')).toBe(before + 1);
  });

  it('one that ends gives back what waited in it, and finishes what it began', async () => {
    const answer = Promise.withResolvers<void>();
    let begun = 0;
    const { sender, queued } = await worker(
      PATIENT,
      scripted('ending', async () => {
        begun++;
        await answer.promise;
        return { kind: 'accepted' };
      }),
    );
    const ids = await waiting('http://127.0.0.1:9/', 50);
    const job = sender.send(ids, 0, 'HIGH');
    await expect.poll(() => begun).toBe(4);
    const closed = sender.close();
    answer.resolve();
    await Promise.all([closed, job]);
    const all = await stored(ids);
    expect(all.filter((d) => d.state === 'SENT')).toHaveLength(4);
    expect(all.filter((d) => d.state === 'QUEUED' && d.attempt === 0)).toHaveLength(46);
    expect(queued.map((d) => d.id).sort()).toEqual(
      all
        .filter((d) => d.state === 'QUEUED')
        .map((d) => d._id)
        .sort(),
    );
  });
});
