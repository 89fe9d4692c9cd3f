/** Requests and verifications through the graph, on real data services; nothing is sent here. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SecretBox } from '../../../platform/secrets/secret-box.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { appPrincipal, OLGA, type OpenGraph, openGraph, TEST_SECRET_KEY } from '../testing/open-graph.ts';
import { MAX_ATTEMPTS } from './otp-rules.ts';

const services = freshDatabase();
const box = new SecretBox(TEST_SECRET_KEY);
const app = appPrincipal('app_otp');
let graph: OpenGraph;
beforeAll(async () => {
  graph = await openGraph(services, { OTP_MAX_PER_HOUR: '4', OTP_RESEND_MS: '20000' });
  await graph.users.ensureUser('default', {
    id: 'ann',
    phone: '+4915112345678',
    email: 'ann@example.com',
    locale: 'de',
  });
  await graph.users.ensureUser('default', { id: 'mute' });
});
afterAll(() => graph.close());

const REQUEST = `mutation ($input: RequestOtpInput!) { requestOtp(input: $input) {
  id expiresAt resendAfter channel maskedAddress notification { id state priority expiresAt data category }
} }`;
interface Asked {
  readonly id: string;
  readonly expiresAt: string;
  readonly resendAfter: string;
  readonly maskedAddress: string | null;
  readonly notification: { readonly id: string; readonly data: unknown };
}
const VERIFY = `mutation ($id: ID, $to: OtpRecipientInput, $purpose: String, $code: String!) {
  verifyOtp(id: $id, to: $to, purpose: $purpose, code: $code) { status attemptsLeft lockedUntil }
}`;
interface Told {
  readonly status: string;
  readonly attemptsLeft: number | null;
}

/** Each test has a recipient of its own, so that none is throttled by another. */
let number = 0;
let address = '';
beforeEach(() => {
  address = `+49151${String(++number).padStart(8, '0')}`;
});
const input = (changes: object = {}) => ({ to: { address }, purpose: 'login', ...changes });
const request = (given: object = input(), by = app) =>
  graph.run<{ requestOtp: Asked }>(by, REQUEST, { input: given }).then(({ requestOtp }) => requestOtp);
const refused = (given: object, by = app) => graph.refused(by, REQUEST, { input: given });
const verify = (variables: object, by = app) =>
  graph.run<{ verifyOtp: Told }>(by, VERIFY, { ...variables }).then(({ verifyOtp }) => verifyOtp);
const collection = <T extends { _id: string }>(name: string) => graph.connections.mongo.collection<T>(name);
const codeOf = async (id: string): Promise<string> => {
  const code = await graph.store.codes.codeOf(id, box);
  if (code === undefined) throw new Error('no code is kept');
  return code;
};
const wrong = (code: string) => code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
/** As if all had happened so much earlier. */
async function age(id: string, ms: number): Promise<void> {
  const key = id.slice(4, 30);
  const before = (date: Date) => new Date(date.getTime() - ms);
  const otps = collection<{
    _id: string;
    requests: Date[];
    code: { expiresAt: Date };
    lockedUntil?: Date;
  }>('otps');
  const found = await otps.findOne({ _id: key });
  if (!found) throw new Error('no otp');
  await otps.updateOne(
    { _id: key },
    {
      $set: {
        requests: found.requests.map(before),
        'code.expiresAt': before(found.code.expiresAt),
        ...(found.lockedUntil && { lockedUntil: before(found.lockedUntil) }),
      },
    },
  );
}

describe('requestOtp', () => {
  it('accepts an urgent notification that ends with the code and does not hold it', async () => {
    const askedAt = Date.now();
    const asked = await request(input({ ttlSeconds: 90 }));
    expect(asked).toMatchObject({
      channel: 'SMS',
      maskedAddress: `+49•••${address.slice(-2)}`,
      notification: { state: 'ACCEPTED', priority: 'HIGH', expiresAt: asked.expiresAt, category: null },
    });
    expect(Date.parse(asked.expiresAt) - askedAt).toBeGreaterThan(85_000);
    expect(Date.parse(asked.resendAfter) - askedAt).toBeGreaterThan(15_000);
    expect(asked.notification.data).toMatchObject({ code: '--one-time-code--', ttlMinutes: 2 });
    expect(await codeOf(asked.id)).toMatch(/^\d{6}$/);
    const record = await collection<NotificationRecord>('notifications').findOne({
      _id: asked.notification.id,
    });
    expect(record?.content?.body).toContain('--one-time-code--');
  });

  it("speaks the user's language, and says where it goes without saying it", async () => {
    const asked = await request({ to: { user: 'ann' }, channel: 'EMAIL', purpose: 'login' });
    expect(asked.maskedAddress).toBe('a•••@example.com');
    const record = await collection<NotificationRecord>('notifications').findOne({
      _id: asked.notification.id,
    });
    expect(record).toMatchObject({ locale: 'de', content: { title: 'Ihr Code' }, channels: ['EMAIL'] });
  });

  it.each<[string, object, string, string]>([
    ['an unknown user', { to: { user: 'nobody' } }, 'BAD_USER_INPUT', 'input.to.user'],
    ['a user without a number', { to: { user: 'mute' } }, 'BAD_USER_INPUT', 'input.channel'],
    ['a wrong address', { to: { address: '123' } }, 'BAD_USER_INPUT', 'input.to.address'],
    ['an unknown template', { template: 'nothing' }, 'BAD_USER_INPUT', 'input.template'],
    ['a length', { length: 11 }, 'BAD_USER_INPUT', 'input.length'],
  ])('names the field: %s', async (_what, changes, code, field) => {
    expect(await refused(input(changes))).toMatchObject({ code, field });
  });

  it('what is refused changes nothing: the former code lives, and nothing is throttled', async () => {
    const first = await request();
    await age(first.id, 20_000);
    await refused(input({ template: 'nothing' }));
    await refused(input({ template: 'nothing' }));
    expect(await verify({ id: first.id, code: await codeOf(first.id) })).toMatchObject({
      status: 'VERIFIED',
    });
    address = '+4915199999999';
    await refused(input({ template: 'nothing' }));
    await request();
  });

  it('is for apps and operators', async () => {
    expect(
      await graph.refused({ kind: 'user', workspace: 'default', user: 'ann', expiresAt: 9e9 }, REQUEST, {
        input: input(),
      }),
    ).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('a new code takes the place of the former one', async () => {
    const first = await request();
    const old = await codeOf(first.id);
    await age(first.id, 20_000);
    const second = await request();
    expect(await verify({ id: first.id, code: old })).toMatchObject({ status: 'NOT_FOUND' });
    expect(await graph.store.codes.codeOf(first.id, box)).toBeUndefined();
    expect(await verify({ id: second.id, code: await codeOf(second.id) })).toMatchObject({
      status: 'VERIFIED',
    });
  });

  it('keeps purposes, apps and recipients apart', async () => {
    const login = await request();
    await request(input({ purpose: 'pay' }));
    await request(input(), appPrincipal('app_other'));
    expect(await verify({ id: login.id, code: await codeOf(login.id) })).toMatchObject({
      status: 'VERIFIED',
    });
  });

  it('is throttled, more with each further request, until a code was right', async () => {
    const first = await request();
    const early = await graph
      .run(app, REQUEST, { input: input() })
      .catch((error: { extensions: object }) => error.extensions);
    expect(early).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
    expect((early as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(10_000);
    await age(first.id, 20_000);
    const askedAt = Date.now();
    const second = await request();
    expect(Date.parse(second.resendAfter) - askedAt).toBeGreaterThan(35_000);
    await age(second.id, 20_000);
    expect(await refused(input())).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await verify({ id: second.id, code: await codeOf(second.id) })).toMatchObject({
      status: 'VERIFIED',
    });
    await request();
  });

  it('an address gets so many an hour, whatever for and from whom', async () => {
    for (const purpose of ['a', 'b', 'c']) await request(input({ purpose }));
    await request(input({ purpose: 'a' }), appPrincipal('app_other'));
    expect(await refused(input({ purpose: 'd' }))).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await refused(input({ purpose: 'e' }), appPrincipal('app_third'))).toMatchObject({
      code: 'RATE_LIMITED',
    });
  });

  it('of ten at once one is taken', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => request()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const records = await collection<NotificationRecord>('notifications')
      .find({ 'to.address': address })
      .toArray();
    expect(records).toHaveLength(1);
    const asked = results.find((result) => result.status === 'fulfilled')?.value;
    expect(await verify({ to: { address }, purpose: 'login', code: await codeOf(asked?.id ?? '') })).toEqual({
      status: 'VERIFIED',
      attemptsLeft: null,
      lockedUntil: null,
    });
  });

  it('the same idempotency key is one code, ten times at once and again later', async () => {
    const keyed = input({ idempotencyKey: `once ${address}` });
    const results = await Promise.all(Array.from({ length: 10 }, () => request(keyed)));
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
    expect(new Set(results.map(({ notification }) => notification.id)).size).toBe(1);
    expect(await request(keyed)).toEqual(results[0]);
    expect(await refused({ ...keyed, purpose: 'pay' })).toMatchObject({
      code: 'CONFLICT',
      field: 'input.idempotencyKey',
    });
    const [first] = results;
    expect(await verify({ id: first?.id, code: await codeOf(first?.id ?? '') })).toMatchObject({
      status: 'VERIFIED',
    });
  });

  it('goes on where a process died before it had accepted', async () => {
    const keyed = input({ idempotencyKey: `died ${address}` });
    const first = await request(keyed);
    const code = await codeOf(first.id);
    await collection('notifications').deleteOne({ _id: first.notification.id });
    const again = await request(keyed);
    expect(again.id).toBe(first.id);
    expect(again.notification.id).not.toBe(first.notification.id);
    expect(await verify({ id: again.id, code })).toMatchObject({ status: 'VERIFIED' });
  });
});

describe('verifyOtp', () => {
  it('by recipient and purpose, however the code is written', async () => {
    const asked = await request();
    const code = await codeOf(asked.id);
    const told = `${code.slice(0, 3)} ${code.slice(3)}`;
    expect(await verify({ to: { address }, purpose: 'login', code: told })).toMatchObject({
      status: 'VERIFIED',
    });
  });

  it('counts once: of twenty who tell it at once, one is right', async () => {
    const asked = await request();
    const code = await codeOf(asked.id);
    const results = await Promise.all(Array.from({ length: 20 }, () => verify({ id: asked.id, code })));
    const statuses = results.map(({ status }) => status);
    expect(statuses.filter((status) => status === 'VERIFIED')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'NOT_FOUND')).toHaveLength(19);
    expect(await graph.store.codes.codeOf(asked.id, box)).toBeUndefined();
  });

  it('what an app may not send changes nothing: the former code lives on, and the next is not too soon', async () => {
    const limited = {
      ...app,
      app: 'app_limited',
      may: { templates: [], content: false, channels: ['SMS'] },
    } as const;
    const given = input({ to: { user: 'ann' }, purpose: 'limited' });
    const contents = [{ channel: 'SMS', body: '{{code}}' }];
    const save = 'mutation ($input: TemplateInput!) { saveTemplate(input: $input) { id } }';
    await graph.run(OLGA, save, { input: { id: 'own-words', name: 'Own words', contents } }, 'templates');
    await graph.run(OLGA, 'mutation { publishTemplate(id: "own-words") { id } }', {}, 'templates');
    expect(await refused({ ...given, template: 'own-words' }, limited)).toMatchObject({
      code: 'FORBIDDEN',
      field: 'input.template',
    });
    const byMail = { ...given, fallback: [{ channel: 'EMAIL', afterSeconds: 5 }] };
    for (const _ of [1, 2])
      expect(await refused(byMail, limited)).toMatchObject({
        code: 'FORBIDDEN',
        field: 'input.fallback.0.channel',
      });
    const asked = await request(given, limited);
    await age(asked.id, 20_000);
    expect(await refused(byMail, limited)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await verify({ id: asked.id, code: await codeOf(asked.id) }, limited)).toMatchObject({
      status: 'VERIFIED',
    });
  });

  it('locks after five wrong ones, also when thirty come at once: no more are looked at', async () => {
    const asked = await request();
    const code = await codeOf(asked.id);
    const results = await Promise.all(
      Array.from({ length: 30 }, () => verify({ id: asked.id, code: wrong(code) })),
    );
    const left = results.flatMap(({ attemptsLeft }) => attemptsLeft ?? []);
    expect(left.toSorted()).toEqual([1, 2, 3, 4]);
    expect(results.filter(({ status }) => status === 'LOCKED')).toHaveLength(30 - (MAX_ATTEMPTS - 1));
    expect(await verify({ id: asked.id, code })).toMatchObject({ status: 'LOCKED' });
    expect(await refused(input())).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await graph.store.codes.codeOf(asked.id, box)).toBeUndefined();
    await age(asked.id, 15 * 60_000);
    expect(await verify({ id: asked.id, code })).toMatchObject({ status: 'NOT_FOUND' });
    await request();
  });

  it('says when its time is over', async () => {
    const asked = await request();
    const code = await codeOf(asked.id);
    await age(asked.id, 300_000);
    expect(await verify({ id: asked.id, code })).toMatchObject({ status: 'EXPIRED' });
  });

  it("another app's, another workspace's and none at all are answered alike; an operator may by its id", async () => {
    const asked = await request();
    const code = await codeOf(asked.id);
    const none = { status: 'NOT_FOUND', attemptsLeft: null, lockedUntil: null };
    expect(await verify({ id: asked.id, code }, appPrincipal('app_other'))).toEqual(none);
    expect(await verify({ id: asked.id, code }, { ...app, workspace: 'elsewhere' })).toEqual(none);
    expect(await verify({ id: `otp_${'0'.repeat(52)}`, code })).toEqual(none);
    expect(await verify({ id: 'nothing', code })).toEqual(none);
    expect(await verify({ to: { user: 'mute' }, purpose: 'login', code })).toEqual(none);
    expect(await verify({ id: asked.id, code }, OLGA)).toMatchObject({ status: 'VERIFIED' });
  });

  it('names the field of what cannot be a code, and does not count it', async () => {
    const asked = await request();
    expect(await graph.refused(app, VERIFY, { id: asked.id, code: 'abc' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'code',
    });
    expect(await verify({ id: asked.id, code: wrong(await codeOf(asked.id)) })).toMatchObject({
      attemptsLeft: 4,
    });
  });
});
