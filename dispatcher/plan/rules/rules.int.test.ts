/** Rules at planning, from the record to what is stored and claimed, over the real stores. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHANNELS } from '../../../platform/graphql/contract-enums.ts';
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import type {
  DeliveryRecord,
  LookAgain,
  NotificationRecord,
  RuleStore,
} from '../../../subgraphs/notifications/index.ts';
import { OLGA, type OpenGraph, openGraph } from '../../../subgraphs/notifications/testing/open-graph.ts';
import { notification, silent } from '../../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { lookAgainAt } from '../../send/second-look.ts';
import { Planner } from '../planner.ts';

const services = freshDatabase();
let graph: OpenGraph;
let rules: RuleStore;
const queued: QueuedDelivery[] = [];
let planner: Planner;
beforeAll(async () => {
  graph = await openGraph(services);
  rules = { ...graph.store.rules };
  planner = new Planner({
    outbox: graph.store.outbox,
    rules,
    users: graph.users,
    templates: graph.templates,
    configured: () => new Set(CHANNELS),
    enqueue: async (deliveries) => {
      queued.push(...deliveries);
    },
    log: silent,
  });
  for (const id of ['ann', 'bob', 'owl', 'day'])
    await graph.users.ensureUser('default', { id, email: `${id}@example.com`, phone: '+4915112345678' });
  const set = `mutation ($user: ID, $hours: QuietHoursInput) { setQuietHours(user: $user, quietHours: $hours) { id } }`;
  // Quiet since an hour ago, and for another two; and the other way round.
  await graph.run(OLGA, set, { user: 'owl', hours: { from: clock(-1), to: clock(2) } }, 'users');
  await graph.run(OLGA, set, { user: 'day', hours: { from: clock(2), to: clock(-1) } }, 'users');
  await graph.run(
    OLGA,
    `mutation {
      saveTemplate(input: { id: "comments", name: "Comments", contents: [
        { channel: EMAIL, title: "{{count}} comments", body: "{{#each items}}{{data.by}};{{/each}}" }
      ] }) { id }
      publishTemplate(id: "comments") { publishedVersion }
    }`,
    {},
    'templates',
  );
});
afterAll(async () => {
  await planner.close();
  await graph.close();
});

interface DigestItem {
  readonly _id: string;
  readonly bucket: string;
}
const asUser = (user: string) => ({
  kind: 'user' as const,
  workspace: 'default',
  user,
  expiresAt: Math.floor(Date.now() / 1_000) + 60,
});
// A point of P-256 (RFC 8291, Appendix A) and 16 octets.
const P256DH = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';
const AUTH = 'BTBZMqHH6r4Tts7J_aSIgg';
const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
const collection = <T extends { _id: string }>(name: string) => graph.connections.mongo.collection<T>(name);
const deliveriesOf = (id: string) =>
  collection<DeliveryRecord>('deliveries').find({ notification: id }).sort({ channel: 1 }).toArray();

/** Plans notifications together; their deliveries. */
async function planned(...changes: Partial<NotificationRecord>[]): Promise<DeliveryRecord[][]> {
  const records = changes.map((change) =>
    notification({ content: { body: 'Hello' }, channels: ['SMS'], ...change }),
  );
  await collection<NotificationRecord>('notifications').insertMany(records);
  await plan(records.map(({ _id }) => _id));
  return Promise.all(records.map(({ _id }) => deliveriesOf(_id)));
}
const plan = (ids: readonly string[]) =>
  planner.plan(ids, { queuedAt: Date.now(), heldUntil: Date.now() + 6_000 });
const outcome = ({ skipReason, state }: DeliveryRecord) => skipReason ?? state;
const of = (event: string, own: NotificationRecord['rules'] = {}): Partial<NotificationRecord> => ({
  event,
  rules: own,
});
const claim = (delivery: DeliveryRecord | undefined, now: Date, lookAgain?: LookAgain) =>
  graph.store.outbox.claim(
    [delivery?._id ?? ''],
    0,
    `fence ${Math.random()}`,
    now,
    new Date(now.getTime() + 60_000),
    lookAgain,
  );

describe('once', () => {
  it('sends the first of several planned together, and names it to the others', async () => {
    const once = of('order.paid', { key: 'o1', once: { windowSeconds: 3_600 } });
    const [late, first] = await planned(
      { ...once, createdAt: new Date(Date.now() - 1_000) },
      { ...once, createdAt: new Date(Date.now() - 2_000) },
    );
    expect(first?.map(outcome)).toEqual(['QUEUED']);
    expect(late?.map(outcome)).toEqual(['ALREADY_SENT']);
    expect(late?.[0]?.skippedFor).toBe(first?.[0]?.notification);
    expect(late?.[0]?.content).toBeUndefined();
    const [again, other] = await planned(once, { ...once, rules: { ...once.rules, key: 'o2' } });
    expect(again?.map(outcome)).toEqual(['ALREADY_SENT']);
    expect(other?.map(outcome)).toEqual(['QUEUED']);
  });

  it('a first one that was to nobody leaves it to the next', async () => {
    const once = of('order.late', { key: 'o1', once: { windowSeconds: 3_600 } });
    const [nobody] = await planned({ ...once, to: [{ user: 'gone' }] });
    expect(nobody?.map(outcome)).toEqual(['NO_ADDRESS']);
    expect((await planned(once))[0]?.map(outcome)).toEqual(['QUEUED']);
  });

  it('where the store does not answer, only those that ask it are planned later', async () => {
    const down = vi.spyOn(rules, 'claimOnce').mockRejectedValueOnce(new Error('away'));
    const once = { ...of('order.kept', { once: { windowSeconds: 60 } }), _id: 'ntf_kept' };
    const [asking, plain] = await planned(once, {});
    expect(asking).toEqual([]);
    expect(plain?.map(outcome)).toEqual(['QUEUED']);
    down.mockRestore();
    await plan(['ntf_kept']);
    expect((await deliveriesOf('ntf_kept')).map(outcome)).toEqual(['QUEUED']);
  });
});

describe('throttle', () => {
  it('sends a recipient so many, a notification of several channels being one', async () => {
    const few = {
      ...of('news', { throttle: { max: 2, windowSeconds: 3_600 } }),
      channels: ['SMS', 'EMAIL'] as const,
      to: [{ user: 'ann' }, { user: 'bob' }],
      dueAt: new Date(Date.UTC(2026, 0, 1)),
    };
    const [a, b] = await planned(few, few);
    const [c, d] = await planned(
      { ...few, to: [{ user: 'ann' }] },
      { ...few, dueAt: new Date(Date.UTC(2026, 0, 1, 1)) },
    );
    expect([a, b, d].map((own) => own?.map(outcome))).toEqual(
      Array.from({ length: 3 }, () => ['QUEUED', 'QUEUED', 'QUEUED', 'QUEUED']),
    );
    expect(c?.map(outcome)).toEqual(['FREQUENCY_CAP', 'FREQUENCY_CAP']);
  });
});

describe('quiet hours', () => {
  it('hold what disturbs, whoever claims it, and let the rest go', async () => {
    queued.length = 0;
    const [own = []] = await planned({ to: [{ user: 'owl' }], channels: ['SMS', 'EMAIL'] });
    const [email, sms] = own;
    expect(own.map(outcome)).toEqual(['QUEUED', 'QUEUED']);
    expect(email?.held).toBeUndefined();
    const heldMs = (sms?.held?.until.getTime() ?? 0) - Date.now();
    expect(heldMs).toBeGreaterThan(3_600_000);
    expect(heldMs).toBeLessThanOrEqual(2 * 3_600_000);
    expect(sms?.nextAttemptAt).toEqual(sms?.held?.until);
    expect(queued.map(({ id }) => id)).toEqual([email?._id]);
    expect(await claim(sms, new Date())).toEqual([]);
    const [back] = (await deliveriesOf(sms?.notification ?? '')).filter(({ channel }) => channel === 'SMS');
    expect(back).toMatchObject({ state: 'QUEUED', fence: null, nextAttemptAt: sms?.held?.until, claims: 0 });
    expect(await claim(sms, sms?.held?.until ?? new Date())).toHaveLength(1);
    // Nobody looks whether it is complete before it can be.
    const stored = await collection<NotificationRecord>('notifications').findOne({
      _id: sms?.notification ?? '',
    });
    expect(stored?.nextAttemptAt?.getTime()).toBeGreaterThan(sms?.held?.until.getTime() ?? 0);
  });

  it('skip it, or mean nothing, where the route says so; what is HIGH always goes', async () => {
    const to = [{ user: 'owl' }];
    const [skip, ignore, high, awake] = await planned(
      { to, rules: { quietHours: 'SKIP' } },
      { to, rules: { quietHours: 'IGNORE' } },
      { to, priority: 'HIGH', rules: { quietHours: 'HOLD' } },
      { to: [{ user: 'day' }, { user: 'ann' }] },
    );
    expect(skip).toMatchObject([{ state: 'SKIPPED', skipReason: 'QUIET_HOURS', nextAttemptAt: null }]);
    const stored = await collection<NotificationRecord>('notifications').findOne({
      _id: skip?.[0]?.notification ?? '',
    });
    expect(stored?.state).toBe('COMPLETED');
    for (const own of [ignore, high]) {
      expect(own?.map(outcome)).toEqual(['QUEUED']);
      expect(own?.[0]).not.toHaveProperty('held');
      expect(own?.[0]).not.toHaveProperty('quiet');
    }
    expect(awake?.map(({ held }) => held)).toEqual([undefined, undefined]);
  });

  it('also hold what is attempted later: in them it is given back, then skipped or held', async () => {
    const [held, skip] = await planned(
      { to: [{ user: 'day' }] },
      { to: [{ user: 'day' }], rules: { quietHours: 'SKIP' } },
    );
    const later = new Date(Date.now() + 4 * 3_600_000);
    expect(await claim(held?.[0], later)).toEqual([]);
    expect(await claim(skip?.[0], later)).toEqual([]);
    const [waiting] = await deliveriesOf(held?.[0]?.notification ?? '');
    expect(waiting?.state).toBe('QUEUED');
    expect(waiting?.held?.until.getTime()).toBeGreaterThan(later.getTime());
    expect((await deliveriesOf(skip?.[0]?.notification ?? '')).map(outcome)).toEqual(['QUIET_HOURS']);
  });

  it('what would expire in them becomes EXPIRED when it does', async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const [own] = await planned({ to: [{ user: 'owl' }], expiresAt });
    expect(own?.[0]?.nextAttemptAt).toEqual(expiresAt);
    expect(await claim(own?.[0], expiresAt)).toEqual([]);
    expect((await deliveriesOf(own?.[0]?.notification ?? '')).map(outcome)).toEqual(['EXPIRED']);
  });

  it('hold the first step of a chain, and its time begins with it; what is skipped is passed over', async () => {
    const fallback = [
      { channels: ['SMS'] as const, unless: 'SENT' as const },
      { channels: ['EMAIL'] as const, afterSeconds: 60, unless: 'SENT' as const },
    ];
    const to = [{ user: 'owl' }];
    queued.length = 0;
    const [hold, skip] = await planned(
      { to, channels: [], fallback },
      { to, channels: [], fallback, rules: { quietHours: 'SKIP' } },
    );
    const [email, sms] = hold ?? [];
    expect(sms?.chain?.startedAt).toBeUndefined();
    expect(email?.nextAttemptAt?.getTime()).toBe((sms?.held?.until.getTime() ?? 0) + 60_000);
    expect(await claim(email, new Date())).toEqual([]);
    const until = sms?.held?.until ?? new Date();
    expect(await claim(sms, until)).toHaveLength(1);
    const [after] = await deliveriesOf(sms?.notification ?? '');
    expect(after?.nextAttemptAt?.getTime()).toBe(until.getTime() + 60_000);
    expect(skip?.map(outcome)).toEqual(['QUEUED', 'QUIET_HOURS']);
    expect(skip?.[0]?.chain?.startedAt).toBeInstanceOf(Date);
    expect(queued.map(({ id }) => id)).toEqual([skip?.[0]?._id]);
  });

  it('a step asks users, preferences and quiet hours again when its turn comes', async () => {
    for (const id of ['leaves', 'sleeps'])
      await graph.users.ensureUser('default', { id, email: `${id}@example.com`, phone: '+4915112345678' });
    const fallback = [
      { channels: ['EMAIL'] as const, unless: 'SENT' as const },
      { channels: ['SMS'] as const, afterSeconds: 3_600, unless: 'OPENED' as const },
    ];
    const [leaves = [], sleeps = []] = await planned(
      { to: [{ user: 'leaves' }], channels: [], fallback, category: 'news' },
      { to: [{ user: 'sleeps' }], channels: [], fallback },
    );
    const steps = [leaves[1], sleeps[1]];
    expect(steps.map((step) => [step?.channel, step?.quiet])).toEqual([
      ['SMS', undefined],
      ['SMS', undefined],
    ]);
    await graph.users.withdrawConsent('default', 'leaves', { channel: 'SMS', category: 'news' });
    const set = `mutation ($user: ID, $hours: QuietHoursInput) { setQuietHours(user: $user, quietHours: $hours) { id } }`;
    await graph.run(OLGA, set, { user: 'sleeps', hours: { from: clock(0.5), to: clock(3) } }, 'users');
    const due = new Date(Date.now() + 3_601_000);
    for (const step of steps) expect(await claim(step, due, lookAgainAt(graph.users))).toEqual([]);
    const [stopped, held] = await Promise.all(steps.map((step) => deliveriesOf(step?.notification ?? '')));
    expect(stopped?.[1]).toMatchObject({ state: 'SKIPPED', skipReason: 'UNSUBSCRIBED' });
    expect(held?.[1]).toMatchObject({ state: 'QUEUED', held: { at: due } });
  });
});

describe('digest', () => {
  it('collects what the route says, and is sent as one message with all of it', async () => {
    const comment = (by: string, minute: number): Partial<NotificationRecord> => ({
      ...of('order.commented', { key: 'o1', digest: { windowSeconds: 1 } }),
      template: 'comments',
      content: undefined as never,
      channels: ['EMAIL', 'SMS'],
      to: [{ user: 'ann' }, { user: 'bob' }],
      data: { by },
      createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)),
    });
    const all = await planned(comment('Bea', 2), comment('Al', 1));
    for (const own of all)
      expect(
        own.map(({ channel, skipReason, digest, content }) => [channel, skipReason, typeof digest, content]),
      ).toEqual([
        ['EMAIL', 'DIGESTED', 'string', undefined],
        ['EMAIL', 'DIGESTED', 'string', undefined],
        // The template has no words for it.
        ['SMS', 'NOT_ALLOWED', 'undefined', undefined],
        ['SMS', 'NOT_ALLOWED', 'undefined', undefined],
      ]);
    const loop = graph.store.startDigests(graph.connections.queues, 10);
    const made = await vi.waitFor(async () => {
      const found = await collection<NotificationRecord>('notifications')
        .find({ digestOf: { $exists: true } })
        .toArray();
      expect(found).toHaveLength(2);
      return found;
    }, 60_000);
    await expect.poll(() => collection('digest_items').countDocuments({})).toBe(0);
    await loop.close();
    await plan(made.map(({ _id }) => _id));
    for (const { _id, to } of made) {
      const [email, sms] = await deliveriesOf(_id);
      expect(email).toMatchObject({
        state: 'QUEUED',
        user: to[0]?.user,
        content: { title: '2 comments', body: 'Al;Bea;' },
      });
      expect(sms?.skipReason).toBe('NOT_ALLOWED');
    }
  });

  it('collects each message of an event for itself, on all devices', async () => {
    await graph.run(
      asUser('ann'),
      `mutation ($s: PushSubscriptionInput!) { registerPushSubscription(subscription: $s) { id } }`,
      { s: { endpoint: 'https://push.example.com/ann', keys: { p256dh: P256DH, auth: AUTH } } },
      'users',
    );
    const message = { template: 'comments', templateVersion: 1, to: [{ user: 'ann' }], category: 'social' };
    const [own = []] = await planned({
      ...of('order.reviewed', { key: 'o1', digest: { windowSeconds: 600 } }),
      content: undefined as never,
      to: [],
      actions: [
        { ...message, name: 'one', channels: ['EMAIL'] },
        { ...message, name: 'two', channels: ['EMAIL'] },
      ],
    });
    expect(own.map(outcome)).toEqual(['DIGESTED', 'DIGESTED']);
    expect(new Set(own.map(({ digest }) => digest)).size).toBe(2);
    const buckets = collection<{ _id: string; sendAs: unknown }>('digest_buckets');
    expect(await buckets.findOne({ _id: own[0]?.digest ?? '' })).toMatchObject({
      to: [{ user: 'ann' }],
      sendAs: { template: 'comments', channels: ['EMAIL'], category: 'social' },
      count: 1,
    });
    const [pushed = []] = await planned({
      ...of('order.moved', { digest: { windowSeconds: 600 } }),
      channels: ['WEB_PUSH'],
    });
    expect(pushed.map(({ skipReason, digest }) => [skipReason, typeof digest])).toEqual([
      ['DIGESTED', 'string'],
    ]);
  });

  it('has nothing of those who do not want it, and nothing of what was sent already', async () => {
    const rulesOf = { key: 'o9', once: { windowSeconds: 600 }, digest: { windowSeconds: 600 } };
    const comment = {
      ...of('order.answered', rulesOf),
      channels: ['EMAIL'] as const,
      to: [{ user: 'ann' }, { user: 'gone' }],
    };
    const [first, second] = await planned({ ...comment, createdAt: new Date(Date.now() - 1_000) }, comment);
    expect(first?.map(outcome)).toEqual(['DIGESTED', 'NO_ADDRESS']);
    expect(second?.map(outcome)).toEqual(['ALREADY_SENT', 'NO_ADDRESS']);
    const digest = first?.find((own) => own.digest)?.digest ?? '';
    expect(await collection<DigestItem>('digest_items').countDocuments({ bucket: digest })).toBe(1);
  });
});

it('what cannot be planned is given up with the reason', async () => {
  const gone = { ...of('order.gone'), template: 'gone', content: undefined as never };
  const [early, last] = await planned({ ...gone, looks: 3, tries: 4 }, { ...gone, looks: 4, tries: 5 });
  expect(early).toEqual([]);
  expect(last).toMatchObject([{ state: 'FAILED' }]);
  expect(last?.[0]?.attempts.at(-1)?.errorMessage).toBe(
    'Planning failed 6 times: There is no published template "gone" in default.',
  );
});
