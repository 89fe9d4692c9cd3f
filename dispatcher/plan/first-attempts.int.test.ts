/** First attempts over the real store, with attempts whose ends the tests decide. */

import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DeliveryRecord, NotificationRecord, PlanPage } from '../../subgraphs/notifications/index.ts';
import {
  emailPage,
  notification,
  type OpenStore,
  openStore,
} from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { HOLD_MS, type TakenJob } from '../taken-job.ts';
import { type Begun, FirstAttempts } from './first-attempts.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

const soon = (ms: number) => new Date(Date.now() + ms);
const sent = { kind: 'sent' as const };
const outcome = () => ({
  attempt: { at: new Date(), provider: 'test', ok: true, latencyMs: 1 },
  result: sent,
});

/** Attempts end at once, or when told. */
function bench(options: { room?: number; hold?: boolean } = {}) {
  const begun: DeliveryRecord[] = [];
  const left: Promise<boolean>[] = [];
  let end: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  let storing: (pages: readonly PlanPage[]) => Promise<ReadonlySet<string>> = async (pages) =>
    (await store.outbox.storePlans(pages, new Date())).stored;
  const first = new FirstAttempts({
    outbox: store.outbox,
    beginners: {
      room: () => options.room ?? 10,
      begin: (delivery): Begun => {
        begun.push(delivery);
        return {
          outcome: options.hold ? held.then(outcome) : Promise.resolve(outcome()),
          leave: (stored) => {
            left.push(stored);
            return { kind: 'underWay', fence: 'sender', leaseUntil: soon(6_000) };
          },
        };
      },
    },
    store: (pages) => storing(pages),
    log: pino({ level: 'silent' }),
  });
  return {
    first,
    begun,
    left,
    end,
    storeBy: (by: typeof storing) => {
      storing = by;
    },
  };
}

/** From a job that was taken at this moment, or as `changes` say. */
const jobOf = (page: PlanPage, changes: Partial<TakenJob> = {}): ReadonlyMap<string, TakenJob> =>
  new Map([
    [page.notification._id, { queuedAt: Date.now() - 100, heldUntil: Date.now() + HOLD_MS, ...changes }],
  ]);
const insert = async (changes: Partial<NotificationRecord> = {}) => {
  const record = notification({ nextAttemptAt: soon(60_000), ...changes });
  await store.models.raw.notifications.insertMany([record]);
  return { record, page: emailPage(record, ['a@example.com']) };
};
const stateOf = async (id: string) => (await store.models.notifications.findById(id).lean())?.state;
const deliveriesOf = (id: string) =>
  store.models.deliveries.find({ notification: id }).lean<DeliveryRecord[]>();

it('a fresh notification is sent and stored without a claim', async () => {
  const { record, page } = await insert();
  const claims = vi.spyOn(store.outbox, 'claimPlans');
  const { first } = bench();
  expect([...first.chosenFrom([page])]).toEqual([page]);
  await first.run([page], jobOf(page));
  await first.close();
  expect(claims).not.toHaveBeenCalled();
  expect(await stateOf(record._id)).toBe('COMPLETED');
  expect(await deliveriesOf(record._id)).toMatchObject([{ state: 'SENT', attempt: 1 }]);
});

it('one that waited long in its queue needs no claim, either', async () => {
  const { record, page } = await insert({ nextAttemptAt: soon(-60_000) });
  const { first } = bench();
  await first.run([page], jobOf(page, { queuedAt: Date.now() - 120_000 }));
  await first.close();
  expect(await stateOf(record._id)).toBe('COMPLETED');
  expect(await store.models.notifications.findById(record._id).lean()).not.toHaveProperty('claims');
});

it.each([
  ['whose job was taken a while ago', {}, { heldUntil: Date.now() + 500 }],
  ['whose job came late', { nextAttemptAt: soon(-10_000) }, {}],
  ['that the sweeper has looked at', { looks: 1 }, {}],
])('one %s is claimed', async (_what, changes, job) => {
  const { record, page } = await insert(changes);
  const { first } = bench();
  await first.run([page], jobOf(page, job));
  await first.close();
  expect(await stateOf(record._id)).toBe('COMPLETED');
  expect(await store.models.notifications.findById(record._id).lean()).toMatchObject({ claims: 1 });
});

it('one that another worker has claimed is left alone', async () => {
  const { record, page } = await insert({ looks: 1 });
  await store.outbox.claimPlans([record._id], 'another', soon(60_000));
  const { first, begun } = bench();
  await first.run([page], jobOf(page));
  await first.close();
  expect(begun).toEqual([]);
});

it('a second job for what is in hand begins nothing', async () => {
  const { page } = await insert();
  const { first, begun, end } = bench({ hold: true });
  await first.run([page], jobOf(page));
  await first.run([page], jobOf(page));
  expect(begun).toHaveLength(1);
  end();
  await first.close();
});

it('what the sweeper took meanwhile is not stored', async () => {
  const { record, page } = await insert();
  const { first, storeBy } = bench();
  storeBy(async (pages) => {
    await store.models.raw.notifications.updateOne({ _id: record._id }, { $set: { looks: 1 } });
    return (await store.outbox.storePlans(pages, new Date())).stored;
  });
  await first.run([page], jobOf(page));
  await first.close();
  expect(await stateOf(record._id)).toBe('ACCEPTED');
  expect(await deliveriesOf(record._id)).toEqual([]);
});

it('an attempt that takes its time is left to its sender once the plan is stored', async () => {
  const { record, page } = await insert();
  const { first, left, end } = bench({ hold: true });
  await first.run([page], jobOf(page));
  await first.close();
  expect(await Promise.all(left)).toEqual([true]);
  expect(await deliveriesOf(record._id)).toMatchObject([{ state: 'SENDING', fence: 'sender' }]);
  end();
});

it('outcomes are kept while the store is away', async () => {
  const { record, page } = await insert();
  const { first, storeBy } = bench();
  let failures = 0;
  storeBy(async (pages) => {
    if (failures++ < 2) throw Object.assign(new Error('gone'), { name: 'MongoNetworkError' });
    return (await store.outbox.storePlans(pages, new Date())).stored;
  });
  await first.run([page], jobOf(page));
  await first.close();
  expect(failures).toBe(3);
  expect(await stateOf(record._id)).toBe('COMPLETED');
});

it.each([
  ['there is no room', { room: 0 }, {}],
  ['a worker died of it', {}, { claims: 1 }],
  ['its planning came to no end', {}, { tries: 1 }],
])('takes the way through the queue where %s', async (_what, options, changes) => {
  const record = notification(changes);
  const { first } = bench(options);
  expect(first.chosenFrom([emailPage(record, ['a@example.com'])]).size).toBe(0);
});

it('takes no more than there is room for', () => {
  const pages = Array.from({ length: 5 }, () =>
    emailPage(notification(), ['a@example.com', 'b@example.com']),
  );
  const { first } = bench({ room: 5 });
  expect(first.chosenFrom(pages).size).toBe(2);
});
