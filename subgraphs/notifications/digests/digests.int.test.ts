/** Digests in the real store: what is collected is told once, whoever does it at the same time or dies over it. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FencedLock, TurnLostError } from '../../../platform/storage/fenced-lock.ts';
import { RedisLock } from '../../../platform/storage/redis-lock.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { deliveryId } from '../outbox/delivery-of-plan.ts';
import type { PlannedDelivery, PlanPage } from '../outbox/plan-page.ts';
import { ReadService } from '../read/read-service.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { notification, type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { timelineOf } from '../timeline/timeline.ts';
import { closeBuckets, closedBuckets, deleteClosed, dueBuckets } from './close-buckets.ts';
import type { DigestEntry } from './digest-record.ts';
import { startDigests } from './start-digests.ts';

const services = freshDatabase();
let store: OpenStore;
/** Another process. */
let other: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
  other = await openStore(services);
});
afterAll(() => Promise.all([store.close(), other.close()]));
beforeEach(async () => {
  vi.restoreAllMocks();
  const { notifications, deliveries, digestBuckets, digestItems, digestSlots } = store.models.raw;
  for (const collection of [notifications, deliveries, digestBuckets, digestItems, digestSlots])
    await collection.deleteMany({});
});

const WINDOW_MS = 60_000;
const START = Date.UTC(2026, 2, 1, 12);
const at = (ms: number) => new Date(START + ms);

/** An accepted event for one user, as the planner plans it. */
async function accepted(changes: Partial<NotificationRecord> = {}): Promise<NotificationRecord> {
  const record = notification({
    event: 'order.commented',
    content: { body: '{{count}}' },
    channels: ['SMS', 'EMAIL'],
    rules: { key: 'o1', digest: { windowSeconds: 60 }, quietHours: 'SKIP' },
    ...changes,
  });
  await store.models.raw.notifications.insertOne({ ...record, data: { of: record._id } });
  return { ...record, data: { of: record._id } };
}
function pageOf(record: NotificationRecord, now: Date, maxItems = 1_000, users = ['ann']): PlanPage {
  const digestItems = users.map((user) => ({
    series: `${user} ${record.rules?.key}`,
    to: [{ user }],
    sendAs: {
      channels: record.channels,
      priority: record.priority,
      ...(record.content && { content: record.content }),
      quietHours: 'SKIP' as const,
    },
    dueAt: new Date(now.getTime() + WINDOW_MS),
    maxItems,
    deliveries: plannedFor(user).map((delivery) => deliveryId(record, delivery)),
  }));
  return { notification: record, deliveries: users.flatMap(plannedFor), digestItems };
}
const plannedFor = (user: string): PlannedDelivery[] =>
  (['SMS', 'EMAIL'] as const).map((channel) => ({
    channel,
    user,
    address: `${channel} ${user}`,
    skipReason: 'DIGESTED',
  }));

async function close(now: Date, by: OpenStore = store): Promise<NotificationRecord[]> {
  const made: NotificationRecord[] = [];
  for (const group of await dueBuckets(by, now, 100))
    made.push(
      ...(await closeBuckets(
        by,
        group.map(({ _id }) => _id),
        now,
      )),
    );
  return made;
}
async function clean(by: OpenStore = store): Promise<void> {
  for (const group of await closedBuckets(by, 100))
    await deleteClosed(
      by,
      group.map(({ _id }) => _id),
    );
}
const digests = () => store.models.raw.notifications.find({ digestOf: { $exists: true } }).toArray();
const itemsOf = ({ data }: NotificationRecord): string[] =>
  ((data?.items ?? []) as DigestEntry[]).map((entry) => entry.notification);
const count = async () => ({
  buckets: await store.models.raw.digestBuckets.countDocuments({}),
  items: await store.models.raw.digestItems.countDocuments({}),
  slots: await store.models.raw.digestSlots.countDocuments({}),
});

describe('digests', () => {
  it('collect what comes within the window of the first item, and make one notification of it', async () => {
    // Told in the order of their acceptance.
    const [a, b, late] = [
      await accepted({ createdAt: at(0) }),
      await accepted({ createdAt: at(1) }),
      await accepted({ createdAt: at(2) }),
    ];
    await store.outbox.storePlans([pageOf(a, at(0))], at(0));
    await store.outbox.storePlans([pageOf(b, at(59_000))], at(59_000));
    // Nobody has closed it yet: its window is over all the same.
    await store.outbox.storePlans([pageOf(late, at(60_000))], at(60_000));
    expect(await close(at(59_999))).toEqual([]);
    const [made, ...more] = await close(at(60_000));
    expect(more).toEqual([]);
    expect(made).toMatchObject({
      state: 'ACCEPTED',
      event: 'order.commented',
      channels: ['SMS', 'EMAIL'],
      content: { body: '{{count}}' },
      to: [{ user: 'ann' }],
      rules: { quietHours: 'SKIP' },
      data: {
        count: 2,
        key: 'o1',
        items: [
          { notification: a._id, at: a.createdAt.toISOString(), data: { of: a._id } },
          { notification: b._id, at: b.createdAt.toISOString(), data: { of: b._id } },
        ],
      },
    });
    expect(await store.models.raw.notifications.findOne({ _id: made?._id ?? '' })).toEqual(made);
    expect((await close(at(120_000))).map(itemsOf)).toEqual([[late._id]]);
    await clean();
    expect(await count()).toEqual({ buckets: 0, items: 0, slots: 0 });
  });

  it('the items are COMPLETED, their deliveries SKIPPED, and both timelines point at each other', async () => {
    const record = await accepted();
    await store.outbox.storePlans([pageOf(record, at(0))], at(0));
    const stored = await store.models.raw.notifications.findOne({ _id: record._id });
    if (!stored) throw new Error('It is gone.');
    expect(stored.state).toBe('COMPLETED');
    const deliveries = await store.models.raw.deliveries.find({ notification: record._id }).toArray();
    const read = new ReadService(store.models);
    const skips = async () =>
      timelineOf(stored, deliveries, 2, await read.digestsOf(deliveries))
        .filter(({ type }) => type === 'skipped')
        .map(({ detail }) => [detail?.reason, detail?.notification]);
    expect(deliveries.map(({ state, digest }) => [state, typeof digest])).toEqual([
      ['SKIPPED', 'string'],
      ['SKIPPED', 'string'],
    ]);
    expect(await skips()).toEqual([
      ['DIGESTED', null],
      ['DIGESTED', null],
    ]);
    const [made] = await close(at(WINDOW_MS));
    await clean();
    expect(await skips()).toEqual([
      ['DIGESTED', made?._id],
      ['DIGESTED', made?._id],
    ]);
    if (!made) throw new Error('There is no digest.');
    expect(timelineOf(made, [], 0)).toContainEqual(
      expect.objectContaining({ type: 'digestOf', detail: { notifications: [record._id] } }),
    );
  });

  it('a full one is due at once, and the next one begins', async () => {
    const records = [await accepted(), await accepted(), await accepted()];
    await store.outbox.storePlans(
      records.map((record) => pageOf(record, at(0), 2)),
      at(0),
    );
    expect((await close(at(0))).map(itemsOf).map(({ length }) => length)).toEqual([2]);
    expect((await close(at(WINDOW_MS))).map(itemsOf).map(({ length }) => length)).toEqual([1]);
  });

  it('somebody on two pages of a plan is collected once, also when a digest was made in between', async () => {
    const record = await accepted({ to: [{ group: 'a' }, { group: 'b' }] });
    const first = { ...pageOf(record, at(0)), nextCursor: 'b' };
    await store.outbox.storePlans([first], at(0));
    expect(await close(at(WINDOW_MS))).toHaveLength(1);
    await clean();
    const rest = { ...record, planCursor: 'b', state: 'PROCESSING' as const };
    await store.outbox.storePlans([pageOf(rest, at(WINDOW_MS), 1_000, ['ann', 'bob'])], at(WINDOW_MS));
    const made = await close(at(2 * WINDOW_MS));
    expect(made.map(({ to }) => to)).toEqual([[{ user: 'bob' }]]);
  });

  it('a plan that is stored again collects nothing again', async () => {
    const record = await accepted();
    const page = pageOf(record, at(0));
    await store.outbox.storePlans([page], at(0));
    await store.outbox.storePlans([page], at(1));
    expect((await close(at(WINDOW_MS))).map(itemsOf)).toEqual([[record._id]]);
  });

  it.each(['notifications', 'deliveries', 'digestItems', 'digestBuckets', 'digestSlots'] as const)(
    'planning that dies before it writes %s leaves nothing; done again, it is whole',
    async (collection) => {
      const page = pageOf(await accepted(), at(0));
      const { raw } = store.models;
      const dying = new Error('died');
      if (collection === 'notifications')
        vi.spyOn(raw[collection], 'updateMany').mockRejectedValueOnce(dying);
      else if (collection === 'digestSlots')
        vi.spyOn(raw[collection], 'bulkWrite').mockRejectedValueOnce(dying);
      else vi.spyOn(raw[collection], 'insertMany').mockRejectedValueOnce(dying);
      await expect(store.outbox.storePlans([page], at(0))).rejects.toThrow('died');
      expect(await count()).toEqual({ buckets: 0, items: 0, slots: 0 });
      expect(await raw.deliveries.countDocuments({})).toBe(0);
      await store.outbox.storePlans([page], at(1));
      expect((await close(at(WINDOW_MS + 1))).map(itemsOf)).toEqual([[page.notification._id]]);
    },
  );

  it.each([
    ['stores the notification', 'notifications', 'insertMany'],
    ['closes the bucket', 'digestBuckets', 'updateMany'],
    ['frees the series', 'digestSlots', 'deleteMany'],
  ] as const)(
    'closing that dies before it %s leaves all as it was; done again, it is whole',
    async (_what, collection, method) => {
      const record = await accepted();
      await store.outbox.storePlans([pageOf(record, at(0))], at(0));
      const before = await count();
      vi.spyOn(store.models.raw[collection], method as 'deleteMany').mockRejectedValueOnce(new Error('died'));
      await expect(close(at(WINDOW_MS))).rejects.toThrow('died');
      expect(await digests()).toEqual([]);
      expect(await count()).toEqual(before);
      expect((await close(at(WINDOW_MS))).map(itemsOf)).toEqual([[record._id]]);
      expect(await close(at(WINDOW_MS))).toEqual([]);
    },
  );

  it('cleaning that dies is done again, and takes nothing of what was collected since', async () => {
    const [a, b] = [await accepted(), await accepted()];
    await store.outbox.storePlans([pageOf(a, at(0))], at(0));
    await close(at(WINDOW_MS));
    await store.outbox.storePlans([pageOf(b, at(WINDOW_MS))], at(WINDOW_MS));
    vi.spyOn(store.models.raw.digestBuckets, 'deleteMany').mockRejectedValueOnce(new Error('died'));
    await expect(clean()).rejects.toThrow('died');
    expect(await count()).toEqual({ buckets: 2, items: 2, slots: 1 });
    await clean();
    expect(await count()).toEqual({ buckets: 1, items: 1, slots: 1 });
    expect((await close(at(2 * WINDOW_MS))).map(itemsOf)).toEqual([[b._id]]);
  });

  it('nobody closes anything who is no longer the elected one', async () => {
    await store.outbox.storePlans([pageOf(await accepted(), at(0))], at(0));
    const lockOf = (by: OpenStore, name: string) =>
      new FencedLock(new RedisLock(by.redis, by.names.lock(name), 60_000), by.connection, 'digests-test');
    const old = lockOf(store, 'one');
    expect(await old.hold()).toBe(true);
    const guard = old.guard();
    expect(await lockOf(other, 'two').hold()).toBe(true);
    const [group = []] = await dueBuckets(store, at(WINDOW_MS), 100);
    await expect(
      closeBuckets(
        { ...store, guard },
        group.map(({ _id }) => _id),
        at(WINDOW_MS),
      ),
    ).rejects.toThrow(TurnLostError);
    expect(await digests()).toEqual([]);
    expect(await close(at(WINDOW_MS), other)).toHaveLength(1);
  });

  it('the loop makes them, puts them into their queue, and leaves nothing behind', async () => {
    const record = await accepted();
    const long = Date.now() - 2 * WINDOW_MS;
    await store.outbox.storePlans([pageOf(record, new Date(long))], new Date(long));
    const loops = [store, other].map((by) => startDigests({ ...by, chunkSize: 10, log: silent, lookMs: 20 }));
    await expect.poll(count).toEqual({ buckets: 0, items: 0, slots: 0 });
    await expect.poll(async () => (await store.queues.states()).get('plan-medium')?.jobs).toBe(1);
    await Promise.all(loops.map((loop) => loop.close()));
    expect((await digests()).map(itemsOf)).toEqual([[record._id]]);
  });

  it('one that cannot be made keeps no other from being made', async () => {
    const long = new Date(Date.now() - 2 * WINDOW_MS);
    const [bad, good] = [
      await accepted({ rules: { key: 'bad' } }),
      await accepted({ rules: { key: 'good' } }),
    ];
    await store.outbox.storePlans([pageOf(bad, long), pageOf(good, long)], long);
    const broken = await store.models.raw.digestBuckets.findOne({ series: 'ann bad' });
    // Its notification is there already, which no crash leads to: all that is to be shown is a failure.
    await store.models.raw.notifications.insertOne(notification({ idem: `|digest|${broken?._id}` }));
    const loop = startDigests({ ...store, chunkSize: 10, log: silent, lookMs: 20 });
    await expect.poll(async () => (await digests()).map(itemsOf)).toEqual([[good._id]]);
    await expect.poll(async () => (await count()).items).toBe(1);
    await loop.close();
  });

  it('nothing is lost or doubled where planners and closers work at once', async () => {
    // On a slow machine fewer runs. One that has begun goes to its end: what it writes must not be in the next test.
    const end = performance.now() + 60_000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            users: fc.subarray(['ann', 'bob', 'cat'], { minLength: 1 }),
            gap: fc.nat({ max: 40_000 }),
          }),
          { minLength: 4, maxLength: 16 },
        ),
        fc.integer({ min: 1, max: 5 }),
        async (arrivals, maxItems) => {
          if (performance.now() > end) return;
          const key = `race ${Math.random()}`;
          const rules = { key, digest: { windowSeconds: 60 } };
          let clock = 0;
          const work = [];
          for (const [index, { users, gap }] of arrivals.entries()) {
            clock += gap;
            const now = at(clock);
            const record = await accepted({ rules });
            const by = index % 2 ? other : store;
            const plan = () => by.outbox.storePlans([pageOf(record, now, maxItems, users)], now);
            work.push({ record, users });
            // Planned twice at once, by two, while two close what is due.
            await Promise.all([
              plan(),
              index % 3 === 0 ? plan() : undefined,
              close(now, store),
              close(now, other),
              clean(by),
            ]);
          }
          await close(at(clock + WINDOW_MS));
          await clean();
          const made = (await digests()).filter(({ data }) => data?.key === key);
          for (const user of ['ann', 'bob', 'cat']) {
            const own = made.filter(({ to }) => to[0]?.user === user);
            const told = own.flatMap(itemsOf).sort();
            const wanted = work
              .flatMap(({ record, users }) => (users.includes(user) ? record._id : []))
              .sort();
            expect(told).toEqual(wanted);
            for (const digest of own) expect(itemsOf(digest).length).toBeLessThanOrEqual(maxItems);
          }
          expect(await count()).toEqual({ buckets: 0, items: 0, slots: 0 });
        },
      ),
      { numRuns: 8 },
    );
  });

  it('many planners of two processes fill one digest at the same time', async () => {
    const records = await Promise.all(Array.from({ length: 24 }, () => accepted()));
    // Four at once, again and again: of 24 at once the last one gives up, after 20 s of conflicts on a busy machine.
    await Promise.all(
      Array.from({ length: 4 }, async (_, planner) => {
        const { outbox } = planner % 2 ? other : store;
        for (const record of records.filter((__, index) => index % 4 === planner))
          await outbox.storePlans([pageOf(record, at(0), 10)], at(0));
      }),
    );
    await close(at(WINDOW_MS));
    const made = await digests();
    expect(made.flatMap(itemsOf).sort()).toEqual(records.map(({ _id }) => _id).sort());
    expect(made.map((digest) => itemsOf(digest).length).sort()).toEqual([10, 10, 4]);
  });
});
