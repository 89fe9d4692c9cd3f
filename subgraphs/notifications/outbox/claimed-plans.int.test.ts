/** Plans whose first attempts were made before they were stored, and what happens when a worker dies of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../testing/fresh.ts';
import { cancelNotification } from '../change/cancel.ts';
import type { AttemptRecord, DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { emailPage, notification, type OpenStore, openStore } from '../testing/open-store.ts';
import { MAX_CLAIMS } from './claim-deliveries.ts';
import type { BegunAttempt, PlanPage } from './plan-page.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

const insert = async (...records: NotificationRecord[]) => {
  await store.models.raw.notifications.insertMany(records);
};
const reread = (id: string) => store.models.notifications.findById(id).lean<NotificationRecord>();
const deliveriesOf = (id: string) =>
  store.models.deliveries.find({ notification: id }).lean<DeliveryRecord[]>();
const soon = (ms = 60_000) => new Date(Date.now() + ms);
const attempt = (ok = true): AttemptRecord => ({
  at: new Date(),
  provider: 'test',
  ok,
  ...(!ok && { errorCode: 'CHANNEL_MESSAGE_REJECTED', errorMessage: 'no' }),
  latencyMs: 3,
});
const ended = (result: Extract<BegunAttempt, { kind: 'ended' }>['outcome']['result']): BegunAttempt => ({
  kind: 'ended',
  outcome: { attempt: attempt(result.kind === 'sent'), result },
});
const begunPage = (
  record: NotificationRecord,
  claim: string,
  ...begun: (BegunAttempt | undefined)[]
): PlanPage => {
  const page = emailPage(
    record,
    begun.map((_, i) => `a${i}@example.com`),
  );
  return {
    ...page,
    claim,
    deliveries: page.deliveries.map((d, i) => ({ ...d, ...(begun[i] && { begun: begun[i] }) })),
  };
};
const sweepPlans = async () => {
  const found = await store.outbox.sweepPlans('TIMED', { now: new Date(), nextLook: soon(), limit: 1_000 });
  return found.map(({ id }) => id);
};

describe('a claimed notification', () => {
  it('goes to one of many workers, and to no planner meanwhile', async () => {
    const record = notification();
    await insert(record);
    const claims = await Promise.all(
      ['a', 'b', 'c', 'd'].map((claim) => store.outbox.claimPlans([record._id], claim, soon())),
    );
    expect(claims.filter((held) => held.has(record._id))).toHaveLength(1);
    expect(await store.outbox.duePlans([record._id], new Date())).toEqual([]);
    const { stored } = await store.outbox.storePlans([emailPage(record, ['x@example.com'])], new Date());
    expect(stored.size).toBe(0);
  });

  it('is stored with its outcome in one step', async () => {
    const record = notification();
    await insert(record);
    await store.outbox.claimPlans([record._id], 'mine', soon());
    const page = begunPage(record, 'mine', ended({ kind: 'sent', providerMessageId: 'm1' }));
    const { stored, queued } = await store.outbox.storePlans([page], new Date());
    expect([...stored]).toEqual([record._id]);
    expect(queued).toEqual([]);
    expect(await reread(record._id)).toMatchObject({
      state: 'COMPLETED',
      planned: true,
      nextAttemptAt: null,
    });
    expect(await deliveriesOf(record._id)).toMatchObject([
      {
        state: 'SENT',
        provider: 'test',
        providerMessageId: 'm1',
        attempt: 1,
        attempts: [{ ok: true }],
        nextAttemptAt: null,
      },
    ]);
  });

  it('keeps a retry for its time, and a failure as a dead letter', async () => {
    const record = notification();
    await insert(record);
    await store.outbox.claimPlans([record._id], 'mine', soon());
    const nextAttemptAt = soon(5_000);
    const page = begunPage(
      record,
      'mine',
      ended({ kind: 'retry', nextAttemptAt }),
      ended({ kind: 'failed' }),
    );
    const { queued } = await store.outbox.storePlans([page], new Date());
    expect(queued).toMatchObject([{ attempt: 1, nextAttemptAt }]);
    const states = (await deliveriesOf(record._id)).map((d) => d.state).sort();
    expect(states).toEqual(['FAILED', 'QUEUED']);
    expect(await store.models.deadLetters.countDocuments({ notification: record._id })).toBe(1);
    expect(await reread(record._id)).toMatchObject({ state: 'PROCESSING', planned: true });
  });

  it('leaves an attempt under way to its sender', async () => {
    const record = notification();
    await insert(record);
    await store.outbox.claimPlans([record._id], 'mine', soon());
    const page = begunPage(record, 'mine', { kind: 'underWay', fence: 'sender', leaseUntil: soon() });
    const { queued } = await store.outbox.storePlans([page], new Date());
    expect(queued).toEqual([]);
    const [delivery] = await deliveriesOf(record._id);
    expect(delivery).toMatchObject({ state: 'SENDING', attempt: 0 });
    const outcome = {
      delivery: delivery as DeliveryRecord,
      attempt: attempt(),
      result: { kind: 'sent' as const },
    };
    await store.outbox.record([outcome], 'somebody else');
    expect((await deliveriesOf(record._id))[0]).toMatchObject({ state: 'SENDING' });
    await store.outbox.record([outcome], 'sender');
    expect((await deliveriesOf(record._id))[0]).toMatchObject({ state: 'SENT' });
    expect(await reread(record._id)).toMatchObject({ state: 'COMPLETED' });
  });

  it('is given to another when the claim has run out; the first one changes nothing any more', async () => {
    const record = notification();
    await insert(record);
    await store.outbox.claimPlans([record._id], 'stalled', soon(-1));
    expect(await sweepPlans()).toContain(record._id);
    const [due] = await store.outbox.duePlans([record._id], new Date());
    expect(due).toMatchObject({ claims: 1, looks: 1 });
    await store.outbox.claimPlans([record._id], 'second', soon());
    const late = begunPage(record, 'stalled', ended({ kind: 'sent', providerMessageId: 'late' }));
    expect((await store.outbox.storePlans([late], new Date())).stored.size).toBe(0);
    const page = begunPage(record, 'second', ended({ kind: 'sent', providerMessageId: 'second' }));
    expect((await store.outbox.storePlans([page], new Date())).stored.size).toBe(1);
    expect(await deliveriesOf(record._id)).toMatchObject([{ providerMessageId: 'second' }]);
  });

  it('tells what went out before it was cancelled', async () => {
    const record = notification();
    await insert(record);
    await store.outbox.claimPlans([record._id], 'mine', soon());
    const claimed = await reread(record._id);
    await cancelNotification(store, claimed as NotificationRecord, { kind: 'OPERATOR', id: 'k', name: 'me' });
    const page = begunPage(record, 'mine', ended({ kind: 'sent' }), undefined);
    expect((await store.outbox.storePlans([page], new Date())).stored.size).toBe(0);
    expect(await deliveriesOf(record._id)).toMatchObject([{ state: 'SENT' }]);
    expect(await reread(record._id)).toMatchObject({ state: 'CANCELED', deliveryCount: 1 });
  });
});

describe('a message that its workers die of', () => {
  it('becomes a dead letter after some claims without an outcome, and completes its notification', async () => {
    const record = notification();
    await insert(record);
    const { queued } = await store.outbox.storePlans([emailPage(record, ['x@example.com'])], new Date());
    const ids = queued.map((q) => q.id);
    for (let death = 0; death < MAX_CLAIMS; death++) {
      expect(await store.outbox.claim(ids, 0, `dead-${death}`, new Date(), soon(-1))).toHaveLength(1);
      const swept = await store.outbox.sweepDeliveries(
        { channel: 'EMAIL', priority: 'MEDIUM' },
        { now: new Date(), nextLook: soon(), limit: 1_000 },
      );
      expect(swept.map((d) => d.id)).toContain(ids[0]);
    }
    expect(await store.outbox.claim(ids, 0, 'last', new Date(), soon())).toEqual([]);
    expect(await deliveriesOf(record._id)).toMatchObject([
      { state: 'FAILED', attempts: [{ errorCode: 'CHANNEL_WORKER_CRASHED' }], nextAttemptAt: null },
    ]);
    expect(await store.models.deadLetters.findById(ids[0]).lean()).toMatchObject({
      state: 'OPEN',
      reason: 'CHANNEL_WORKER_CRASHED',
    });
    expect(await reread(record._id)).toMatchObject({ state: 'COMPLETED' });
  });

  it('is not held against a delivery that was tried with an outcome', async () => {
    const record = notification();
    await insert(record);
    const { queued } = await store.outbox.storePlans([emailPage(record, ['x@example.com'])], new Date());
    const [id] = queued.map((q) => q.id);
    for (let number = 0; number < MAX_CLAIMS + 2; number++) {
      const [delivery] = await store.outbox.claim([id as string], number, 'w', new Date(), soon());
      expect(delivery?.claims).toBe(1);
      const retry = { kind: 'retry' as const, nextAttemptAt: new Date() };
      await store.outbox.record(
        [{ delivery: delivery as DeliveryRecord, attempt: attempt(false), result: retry }],
        'w',
      );
    }
  });
});

describe('completion', () => {
  it('of several deliveries is found by the sweeper when the process died before it', async () => {
    const record = notification();
    await insert(record);
    const page = emailPage(record, ['a@example.com', 'b@example.com']);
    await store.outbox.storePlans([page], new Date());
    await store.models.raw.notifications.updateOne(
      { _id: record._id },
      { $set: { nextAttemptAt: soon(-1) } },
    );
    expect(await sweepPlans()).not.toContain(record._id);
    expect(await reread(record._id)).toMatchObject({ state: 'PROCESSING' });

    await store.models.raw.deliveries.updateMany(
      { notification: record._id },
      { $set: { state: 'SENT', nextAttemptAt: null } },
    );
    await store.models.raw.notifications.updateOne(
      { _id: record._id },
      { $set: { nextAttemptAt: soon(-1) } },
    );
    await sweepPlans();
    expect(await reread(record._id)).toMatchObject({ state: 'COMPLETED', nextAttemptAt: null });
  });
});
