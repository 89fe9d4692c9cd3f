import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { Actor } from '../audit/actor.ts';
import { cancelNotification } from '../change/cancel.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { emailPage, inAppPage, notification, type OpenStore, openStore } from '../testing/open-store.ts';
import type { AttemptOutcome } from './attempt-outcome.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

const somebody: Actor = { kind: 'OPERATOR', id: 'key_1', name: 'somebody' };
const insert = async (...records: NotificationRecord[]) => {
  await store.models.raw.notifications.insertMany(records);
};
const reread = async (id: string) => {
  const record = await store.models.notifications.findById(id).lean<NotificationRecord>();
  if (!record) throw new Error(`${id} is not there`);
  return record;
};
const deliveriesOf = (id: string) =>
  store.models.deliveries.find({ notification: id }).sort({ _id: 1 }).lean<DeliveryRecord[]>();
const sent = (delivery: DeliveryRecord, latencyMs = 5): AttemptOutcome => ({
  delivery,
  attempt: { at: new Date(), provider: 'test', ok: true, latencyMs },
  result: { kind: 'sent', providerMessageId: `m-${delivery._id}` },
});
const lease = () => new Date(Date.now() + 60_000);
const sweepEmails = () =>
  store.outbox.sweepDeliveries(
    { channel: 'EMAIL', priority: 'MEDIUM' },
    { now: new Date(), nextLook: lease(), limit: 1_000 },
  );

describe('storing plans', () => {
  it('delivers in-app at once: delivery, message, counter and state in one step', async () => {
    const record = notification({ to: [{ user: 'u1' }, { user: 'u2' }] });
    await insert(record);
    const { queued, stored } = await store.outbox.storePlans([inAppPage(record, ['u1', 'u2'])], new Date());
    expect(queued).toEqual([]);
    expect([...stored]).toEqual([record._id]);
    expect(await reread(record._id)).toMatchObject({
      state: 'COMPLETED',
      planned: true,
      deliveryCount: 2,
      nextAttemptAt: null,
    });
    expect((await deliveriesOf(record._id)).map((d) => [d.state, d.user])).toEqual(
      expect.arrayContaining([
        ['DELIVERED', 'u1'],
        ['DELIVERED', 'u2'],
      ]),
    );
    expect(await store.inbox.counter({ workspace: 'default', user: 'u1' })).toEqual({ seq: 1, unread: 1 });
    const [message] = await store.inbox.page(
      { workspace: 'default', user: 'u1' },
      { unreadOnly: true, first: 5 },
    );
    expect(message).toMatchObject({ body: 'for u1', seq: 1, notification: record._id });
  });

  it('stores a plan once when many workers plan the same notification at once', async () => {
    const record = notification({ to: [{ user: 'racer' }] });
    await insert(record);
    const results = await Promise.all(
      Array.from({ length: 8 }, () => store.outbox.storePlans([inAppPage(record, ['racer'])], new Date())),
    );
    expect(results.filter((r) => r.stored.has(record._id))).toHaveLength(1);
    expect(await deliveriesOf(record._id)).toHaveLength(1);
    expect(await store.inbox.counter({ workspace: 'default', user: 'racer' })).toEqual({ seq: 1, unread: 1 });
  });

  it('drops the plan of a notification that was cancelled meanwhile', async () => {
    const record = notification();
    const other = notification({ to: [{ user: 'kept' }] });
    await insert(record, other);
    await cancelNotification(store, record, somebody);
    const { stored } = await store.outbox.storePlans(
      [emailPage(record, ['a@example.com']), inAppPage(other, ['kept'])],
      new Date(),
    );
    expect([...stored]).toEqual([other._id]);
    expect(await deliveriesOf(record._id)).toEqual([]);
    expect(await reread(record._id)).toMatchObject({ state: 'CANCELED', canceledBy: 'somebody' });
  });

  it('goes on page by page, and counts a person who is on two pages once', async () => {
    const record = notification({ to: [{ group: 'g1' }, { group: 'g2' }] });
    await insert(record);
    const first = { ...emailPage(record, ['a@example.com', 'b@example.com']), nextCursor: 'two' };
    await store.outbox.storePlans([first], new Date());
    expect(await reread(record._id)).toMatchObject({
      state: 'PROCESSING',
      planned: false,
      planCursor: 'two',
    });
    const again = await store.outbox.storePlans([first], new Date());
    expect(again.stored.size).toBe(0);
    const paged = { ...record, planCursor: 'two' };
    await store.outbox.storePlans([emailPage(paged, ['b@example.com', 'c@example.com'])], new Date());
    expect((await deliveriesOf(record._id)).map((d) => d.address).sort()).toEqual([
      'a@example.com',
      'b@example.com',
      'c@example.com',
    ]);
    expect(await reread(record._id)).toMatchObject({ planned: true, state: 'PROCESSING' });
  });

  it('completes a notification of which nothing is to be sent', async () => {
    const record = notification();
    await insert(record);
    await store.outbox.storePlans(
      [{ notification: record, deliveries: [{ channel: 'EMAIL', user: 'ann', skipReason: 'NO_ADDRESS' }] }],
      new Date(),
    );
    expect(await reread(record._id)).toMatchObject({ state: 'COMPLETED' });
    expect(await deliveriesOf(record._id)).toMatchObject([
      { state: 'SKIPPED', skipReason: 'NO_ADDRESS', nextAttemptAt: null },
    ]);
  });

  it('expires what is due too late', async () => {
    const record = notification({ expiresAt: new Date(Date.now() - 1) });
    await insert(record);
    expect(await store.outbox.duePlans([record._id], new Date())).toEqual([]);
    expect(await reread(record._id)).toMatchObject({ state: 'EXPIRED', nextAttemptAt: null });
  });

  it('does not give out what is not due yet', async () => {
    const record = notification({ state: 'SCHEDULED', dueAt: new Date(Date.now() + 60_000) });
    await insert(record);
    expect(await store.outbox.duePlans([record._id], new Date())).toEqual([]);
  });
});

describe('claims and records', () => {
  const planned = async (addresses: readonly string[]) => {
    const record = notification({ to: [] });
    await insert(record);
    const { queued } = await store.outbox.storePlans([emailPage(record, addresses)], new Date());
    return { id: record._id, ids: queued.map((q) => q.id) };
  };

  it('gives each delivery to one of many workers', async () => {
    const { ids } = await planned(['a@example.com', 'b@example.com', 'c@example.com']);
    const claims = await Promise.all(
      Array.from({ length: 6 }, (_, worker) =>
        store.outbox.claim(ids, 0, `worker-${worker}`, new Date(), lease()),
      ),
    );
    expect(
      claims
        .flat()
        .map((d) => d._id)
        .sort(),
    ).toEqual([...ids].sort());
  });

  it('records outcomes, equal and different, and completes the notification with the last', async () => {
    const { id, ids } = await planned(['a@example.com', 'b@example.com']);
    const claimed = await store.outbox.claim(ids, 0, 'w', new Date(), lease());
    const [first, second] = claimed as [DeliveryRecord, DeliveryRecord];
    expect(await store.outbox.record([sent(first)], 'w')).toEqual([]);
    expect(await reread(id)).toMatchObject({ state: 'PROCESSING' });
    await store.outbox.record([sent(second, 7)], 'w');
    // A look that took long on a loaded machine puts the next one off.
    await expect.poll(() => reread(id)).toMatchObject({ state: 'COMPLETED' });
    for (const delivery of await deliveriesOf(id))
      expect(delivery).toMatchObject({
        state: 'SENT',
        provider: 'test',
        providerMessageId: `m-${delivery._id}`,
        attempt: 1,
        attempts: [{ ok: true }],
      });
  });

  it('lets a worker whose claim has run out change nothing', async () => {
    const { id, ids } = await planned(['late@example.com']);
    const [stalled] = await store.outbox.claim(ids, 0, 'stalled', new Date(), new Date(Date.now() - 1));
    const swept = await sweepEmails();
    expect(swept.map((d) => d.id)).toContain(ids[0]);
    const [taken] = await store.outbox.claim(ids, 0, 'second', new Date(), lease());
    expect(taken?._id).toBe(ids[0]);
    await store.outbox.record([sent(stalled as DeliveryRecord)], 'stalled');
    expect((await deliveriesOf(id))[0]).toMatchObject({ state: 'SENDING', attempts: [] });
    await store.outbox.record([sent(taken as DeliveryRecord)], 'second');
    expect((await deliveriesOf(id))[0]).toMatchObject({ state: 'SENT', attempt: 1 });
  });

  it('keeps what a worker renews, and only what it holds', async () => {
    const { ids } = await planned(['slow@example.com']);
    await store.outbox.claim(ids, 0, 'slow', new Date(), new Date(Date.now() - 1));
    await store.outbox.renew(ids, 'somebody else', lease());
    await store.outbox.renew(ids, 'slow', lease());
    const swept = await sweepEmails();
    expect(swept.map((d) => d.id)).not.toContain(ids[0]);
    await store.outbox.renew(ids, 'slow', new Date(Date.now() - 1));
    const later = await sweepEmails();
    expect(later.map((d) => d.id)).toContain(ids[0]);
  });

  it('takes a retry back into the queue, and only as the next attempt', async () => {
    const { ids } = await planned(['retry@example.com']);
    const [delivery] = await store.outbox.claim(ids, 0, 'w', new Date(), lease());
    const nextAttemptAt = new Date(Date.now() + 1_000);
    const retries = await store.outbox.record(
      [
        {
          delivery: delivery as DeliveryRecord,
          attempt: {
            at: new Date(),
            provider: 'test',
            ok: false,
            errorCode: 'CHANNEL_TIMEOUT',
            latencyMs: 1,
          },
          result: { kind: 'retry', nextAttemptAt },
        },
      ],
      'w',
    );
    expect(retries).toMatchObject([{ id: ids[0], attempt: 1, nextAttemptAt }]);
    expect(await store.outbox.claim(ids, 0, 'w', new Date(), lease())).toEqual([]);
    expect(await store.outbox.claim(ids, 1, 'w', new Date(), lease())).toHaveLength(1);
  });

  it('does not attempt what has expired or was cancelled', async () => {
    const expiring = notification({ to: [], expiresAt: new Date(Date.now() + 30_000) });
    const cancelled = notification({ to: [] });
    await insert(expiring, cancelled);
    const { queued } = await store.outbox.storePlans(
      [emailPage(expiring, ['x@example.com']), emailPage(cancelled, ['y@example.com'])],
      new Date(),
    );
    await cancelNotification(store, await reread(cancelled._id), somebody);
    expect(
      await store.outbox.claim(
        queued.map((q) => q.id),
        0,
        'w',
        expiring.expiresAt ?? new Date(),
        lease(),
      ),
    ).toEqual([]);
    expect((await deliveriesOf(expiring._id))[0]).toMatchObject({ state: 'EXPIRED' });
    expect((await deliveriesOf(cancelled._id))[0]).toMatchObject({ state: 'CANCELED' });
    expect(await reread(expiring._id)).toMatchObject({ state: 'COMPLETED' });
  });
});

describe('sweeping', () => {
  it('finds what is due, leaves what is final, and looks at a thing once per interval', async () => {
    const due = notification({ priority: 'HIGH' });
    const final = notification({ priority: 'HIGH', state: 'COMPLETED', nextAttemptAt: null });
    const later = notification({ priority: 'HIGH', nextAttemptAt: new Date(Date.now() + 60_000) });
    await insert(due, final, later);
    const now = new Date(Date.now() + 1);
    const round = { now, nextLook: new Date(now.getTime() + 30_000), limit: 100 };
    expect(await store.outbox.sweepPlans('HIGH', round)).toEqual([{ id: due._id, priority: 'HIGH' }]);
    expect(await store.outbox.sweepPlans('HIGH', round)).toEqual([]);
  });

  it('leaves what waits behind the oldest job of its queue, and not what a clock decides', async () => {
    const now = new Date();
    const ago = (ms: number) => new Date(now.getTime() - ms);
    const waiting = notification({ priority: 'LOW', nextAttemptAt: ago(1_000) });
    const scheduled = notification({
      priority: 'LOW',
      lane: 'TIMED',
      state: 'SCHEDULED',
      nextAttemptAt: ago(1),
    });
    await insert(waiting, scheduled);
    const round = { now, nextLook: new Date(now.getTime() + 30_000), limit: 100 };
    const behind = { ...round, queuedBefore: ago(5_000) };
    expect(await store.outbox.sweepPlans('LOW', behind)).toEqual([]);
    expect(await store.outbox.sweepPlans('TIMED', behind)).toContainEqual({
      id: scheduled._id,
      priority: 'LOW',
    });
    expect(await store.outbox.sweepPlans('LOW', round)).toEqual([{ id: waiting._id, priority: 'LOW' }]);
  });
});
