/** Fallback chains in the store: what each step's end does to the others. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { FallbackSuccess } from '../../templates/index.ts';
import type { AttemptOutcome } from '../outbox/attempt-outcome.ts';
import { deliveryId } from '../outbox/delivery-of-plan.ts';
import type { PlannedDelivery } from '../outbox/plan-page.ts';
import { ReceiptStore } from '../receipts/receipt-store.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { notification, type OpenStore, openStore, silent } from '../testing/open-store.ts';

const services = freshDatabase();
let store: OpenStore;
let receipts: ReceiptStore;
beforeAll(async () => {
  store = await openStore(services);
  receipts = new ReceiptStore({ ...store, log: silent });
});
afterAll(() => store.close());

const FENCE = 'worker';
const lease = () => new Date(Date.now() + 60_000);

/** Stores a chain of three steps; its deliveries in order. */
async function chain(
  success: FallbackSuccess,
  afterSeconds: number | undefined,
  first: PlannedDelivery['channel'] = 'WEB_PUSH',
): Promise<{ id: string; queued: number; steps: () => Promise<DeliveryRecord[]> }> {
  const record = notification({ to: [{ user: 'ann' }] });
  await store.models.raw.notifications.insertOne(record);
  const channels = [first, 'SMS', 'EMAIL'] as const;
  const bare = channels.map((channel) => ({ channel, user: 'ann', address: `${channel} ${record._id}` }));
  const members = bare.map((delivery) => deliveryId(record, delivery));
  const deliveries = bare.map(
    (delivery, step): PlannedDelivery => ({
      ...delivery,
      content: { body: 'Hello', locale: 'en' },
      chain: {
        members,
        step,
        waits: step > 0,
        ...(step < 2 && { success: step === 0 ? success : 'SENT' }),
        ...(step > 0 && afterSeconds !== undefined && { afterSeconds }),
      },
    }),
  );
  const { queued } = await store.outbox.storePlans([{ notification: record, deliveries }], new Date());
  return {
    id: record._id,
    queued: queued.length,
    steps: async () => {
      const found = await store.models.raw.deliveries.find({ notification: record._id }).toArray();
      return found.sort((a, b) => (a.chain?.step ?? 0) - (b.chain?.step ?? 0));
    },
  };
}

async function attempt(delivery: DeliveryRecord | undefined, kind: 'sent' | 'failed', now = new Date()) {
  if (!delivery) throw new Error('There is no such delivery.');
  const claimed = await store.outbox.claim([delivery._id], delivery.attempt, FENCE, now, lease());
  const outcomes = claimed.map(
    (own): AttemptOutcome => ({
      delivery: own,
      attempt: {
        at: new Date(),
        provider: 'test',
        ok: kind === 'sent',
        latencyMs: 1,
        ...(kind === 'failed' && { errorCode: 'CHANNEL_ADDRESS_GONE' }),
      },
      result: kind === 'sent' ? { kind, providerMessageId: `m-${own._id}`, receipts: true } : { kind },
    }),
  );
  return { claimed, due: await store.outbox.record(outcomes, FENCE) };
}
const stateOf = async (id: string) => (await store.models.raw.notifications.findOne({ _id: id }))?.state;
/** A look that took long on a loaded machine puts the next one off. */
const completed = (id: string) => expect.poll(() => stateOf(id)).toBe('COMPLETED');
const states = async ({ steps }: { steps: () => Promise<DeliveryRecord[]> }) =>
  (await steps()).map(({ state }) => state);
const inFuture = (ms: number) => new Date(Date.now() + ms);

describe('fallback chains', () => {
  it('sends the first step alone, and nothing else when that was enough', async () => {
    const own = await chain('SENT', undefined);
    expect(own.queued).toBe(1);
    const [first] = await own.steps();
    await attempt(first, 'sent');
    expect(await states(own)).toEqual(['SENT', 'SKIPPED', 'SKIPPED']);
    expect((await own.steps())[1]).toMatchObject({ skipReason: 'FALLBACK_NOT_NEEDED', nextAttemptAt: null });
    await completed(own.id);
  });

  it('goes on to the next step as soon as one has failed, to the end', async () => {
    const own = await chain('SENT', undefined);
    const [first, second, third] = await own.steps();
    expect((await attempt(first, 'failed')).due.map(({ id }) => id)).toEqual([second?._id]);
    const { claimed, due } = await attempt(second, 'failed');
    expect(claimed[0]?.chain?.startedAt).toBeInstanceOf(Date);
    expect(due.map(({ id }) => id)).toEqual([third?._id]);
    await attempt(third, 'sent');
    expect(await states(own)).toEqual(['FAILED', 'FAILED', 'SENT']);
    await completed(own.id);
  });

  it('holds the second step back until its time, whoever claims it', async () => {
    const own = await chain('OPENED', 60);
    const [first, second] = await own.steps();
    await attempt(first, 'sent');
    expect((await attempt(second, 'sent')).claimed).toEqual([]);
    const [, waiting] = await own.steps();
    expect(waiting).toMatchObject({ state: 'QUEUED', fence: null });
    const heldMs = (waiting?.nextAttemptAt?.getTime() ?? 0) - Date.now();
    expect(heldMs).toBeGreaterThan(50_000);
    expect(heldMs).toBeLessThanOrEqual(60_000);
    // Its time has come: that of the third step counts from here.
    const later = inFuture(61_000);
    expect((await attempt(second, 'sent', later)).claimed).toHaveLength(1);
    const [, , third] = await own.steps();
    expect(third).toMatchObject({ state: 'SKIPPED' });
  });

  it('is over when the first step is opened, also while the third one waits', async () => {
    const own = await chain('OPENED', 60);
    const [first] = await own.steps();
    await attempt(first, 'sent');
    await receipts.take(
      'test',
      [{ key: `k-${own.id}`, kind: 'opened', delivery: first?._id ?? '' }],
      new Date(),
    );
    expect(await states(own)).toEqual(['DELIVERED', 'SKIPPED', 'SKIPPED']);
    await completed(own.id);
  });

  it('makes the second step due when a receipt says that the first did not arrive', async () => {
    const own = await chain('DELIVERED', 600);
    const [first, second] = await own.steps();
    await attempt(first, 'sent');
    await receipts.take(
      'test',
      [{ key: `k-${own.id}`, kind: 'failed', delivery: first?._id ?? '' }],
      new Date(),
    );
    const found = await store.outbox.sweepDeliveries(
      { channel: 'SMS', priority: 'MEDIUM' },
      { now: inFuture(10), nextLook: lease(), limit: 100 },
    );
    expect(found.map(({ id }) => id)).toContain(second?._id);
    expect((await attempt(second, 'sent')).claimed).toHaveLength(1);
  });

  it('ends a chain that begins in the inbox when the message is read', async () => {
    const own = await chain('OPENED', 60, 'IN_APP');
    expect(await states(own)).toEqual(['DELIVERED', 'QUEUED', 'QUEUED']);
    expect(await store.inbox.markAllRead({ workspace: 'default', user: 'ann' })).toBeGreaterThan(0);
    const [first, ...others] = await own.steps();
    expect(first?.openedAt).toBeInstanceOf(Date);
    expect(others.map(({ state }) => state)).toEqual(['SKIPPED', 'SKIPPED']);
    await completed(own.id);
  });

  it('starts the next step when the one before expires, and is asked by its own time after a crash', async () => {
    const own = await chain('SENT', undefined);
    const [first, second] = await own.steps();
    // A worker recorded the failure and died before the chain was moved on.
    await store.models.raw.deliveries.updateOne(
      { _id: first?._id ?? '' },
      { $set: { state: 'FAILED', nextAttemptAt: null } },
    );
    const due = second?.nextAttemptAt?.getTime() ?? Number.POSITIVE_INFINITY;
    expect(due - Date.now()).toBeLessThanOrEqual(60_000);
    expect((await attempt(second, 'sent')).claimed).toHaveLength(1);
  });

  it('counts once whichever of two workers ends two steps at the same time', async () => {
    const own = await chain('OPENED', 1);
    const [first, second] = await own.steps();
    await attempt(first, 'sent');
    const later = inFuture(2_000);
    await Promise.all([
      attempt(second, 'sent', later),
      receipts.take('test', [{ key: `k-${own.id}`, kind: 'opened', delivery: first?._id ?? '' }], new Date()),
    ]);
    const ended = await own.steps();
    expect(ended.map(({ state }) => state)).toEqual([
      'DELIVERED',
      expect.stringMatching(/^(SENT|SKIPPED)$/),
      'SKIPPED',
    ]);
    await completed(own.id);
  });
});
