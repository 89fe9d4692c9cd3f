/** Fallback chains in the store: what each step's end does to the others. */
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendQueueName } from '../../../platform/names/redis-names.ts';
import type { SendJob } from '../../../platform/queues/queues.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { FallbackSuccess } from '../../templates/index.ts';
import type { AttemptOutcome } from '../outbox/attempt-outcome.ts';
import { deliveryId } from '../outbox/delivery-of-plan.ts';
import type { PlannedDelivery } from '../outbox/plan-page.ts';
import { recordOutcomes } from '../outbox/record-outcomes.ts';
import type { LookAgain } from '../outbox/second-look.ts';
import { ReceiptStore } from '../receipts/receipt-store.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { emailPage, notification, type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { timelineOf } from '../timeline/timeline.ts';

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

async function attempt(
  delivery: DeliveryRecord | undefined,
  kind: 'sent' | 'failed',
  now = new Date(),
  lookAgain?: LookAgain,
) {
  if (!delivery) throw new Error('There is no such delivery.');
  const claimed = await store.outbox.claim([delivery._id], delivery.attempt, FENCE, now, lease(), lookAgain);
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
  await store.outbox.record(outcomes, FENCE);
  return { claimed };
}
/** Ids in the jobs of a channel's queue, due or delayed. */
async function queuedOn(channel: DeliveryRecord['channel']): Promise<string[]> {
  const queue = new Queue<SendJob>(sendQueueName(channel, 'MEDIUM'), {
    connection: store.redis,
    prefix: store.names.queuePrefix,
  });
  try {
    const jobs = await queue.getJobs(['waiting', 'delayed']);
    return jobs.flatMap(({ data }) => [...data.ids]);
  } finally {
    await queue.close();
  }
}
const letterOf = (delivery: DeliveryRecord | undefined) =>
  store.models.raw.deadLetters.findOne({ _id: delivery?._id ?? '' });
const tell = (
  own: { id: string },
  delivery: DeliveryRecord | undefined,
  kind: 'opened' | 'failed' | 'bounced',
) => receipts.take('test', [{ key: `${kind} ${own.id}`, kind, delivery: delivery?._id ?? '' }], new Date());
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
    await attempt(first, 'failed');
    expect(await queuedOn('SMS')).toContain(second?._id);
    const { claimed } = await attempt(second, 'failed');
    expect(claimed[0]?.chain?.startedAt).toBeInstanceOf(Date);
    expect(await queuedOn('EMAIL')).toContain(third?._id);
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

  it('is over when the second step has success and the first is not sent yet', async () => {
    const own = await chain('SENT', 60);
    const [first, second] = await own.steps();
    expect((await attempt(second, 'sent', inFuture(61_000))).claimed).toHaveLength(1);
    // The first one comes back from where it had no room.
    expect((await attempt(first, 'sent', inFuture(62_000))).claimed).toEqual([]);
    expect(await states(own)).toEqual(['SKIPPED', 'SENT', 'SKIPPED']);
    expect((await own.steps())[0]).toMatchObject({ skipReason: 'FALLBACK_NOT_NEEDED', attempts: [] });
    await completed(own.id);
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
    expect(await queuedOn('SMS')).toContain(second?._id);
    // And should Redis have lost it, the sweeper finds it.
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

describe('a step that failed in a chain that has success', () => {
  it('is no open dead letter any more, and its timeline tells why', async () => {
    const own = await chain('SENT', undefined);
    const [first, second] = await own.steps();
    await attempt(first, 'failed');
    expect(await letterOf(first)).toMatchObject({ state: 'OPEN' });
    await attempt(second, 'sent');
    expect(await letterOf(first)).toMatchObject({
      state: 'SUPERSEDED',
      supersededBy: second?._id,
      resolvedReason: expect.stringContaining('SMS'),
      byWorkspace: expect.stringContaining('|SUPERSEDED|'),
    });
    const record = await store.models.raw.notifications.findOne({ _id: own.id });
    if (!record) throw new Error('no notification');
    expect(timelineOf(record, await own.steps(), 3)).toContainEqual(
      expect.objectContaining({
        type: 'superseded',
        channel: 'WEB_PUSH',
        detail: expect.objectContaining({ delivery: first?._id, by: second?._id }),
      }),
    );
  });

  it('is none from the start where the failure comes after the success', async () => {
    const own = await chain('DELIVERED', 1);
    const [first, second] = await own.steps();
    await attempt(first, 'sent');
    await attempt(second, 'sent', inFuture(2_000));
    await tell(own, first, 'failed');
    expect(await letterOf(first)).toMatchObject({ state: 'SUPERSEDED', supersededBy: second?._id });
  });

  it('stays as a person has decided', async () => {
    const own = await chain('SENT', undefined);
    const [first, second] = await own.steps();
    await attempt(first, 'failed');
    await store.models.raw.deadLetters.updateOne(
      { _id: first?._id ?? '' },
      { $set: { state: 'DISCARDED', resolvedBy: 'Olga' } },
    );
    await attempt(second, 'sent');
    expect(await letterOf(first)).toMatchObject({ state: 'DISCARDED', resolvedBy: 'Olga' });
    expect((await own.steps())[0]?.superseded).toBeUndefined();
  });

  it('stays open where nothing had success, and where success is undone by a bounce', async () => {
    const own = await chain('SENT', undefined);
    const steps = await own.steps();
    for (const step of steps) await attempt(step, 'failed');
    for (const step of steps) expect(await letterOf(step)).toMatchObject({ state: 'OPEN' });

    const bounced = await chain('SENT', undefined);
    const [first] = await bounced.steps();
    await attempt(first, 'sent');
    await tell(bounced, first, 'bounced');
    expect(await letterOf(first)).toMatchObject({ state: 'OPEN' });
  });

  it('is superseded whichever of two workers ends its failure and the success, at the same moment', async () => {
    const chains = await Promise.all(Array.from({ length: 8 }, () => chain('DELIVERED', 1)));
    const later = inFuture(2_000);
    await Promise.all(
      chains.map(async (own) => {
        const [first, second] = await own.steps();
        await attempt(first, 'sent');
        const claimed = await store.outbox.claim([second?._id ?? ''], 0, FENCE, later, lease());
        const sent = claimed.map((delivery) => ({
          delivery,
          attempt: { at: new Date(), provider: 'test', ok: true, latencyMs: 1 },
          result: { kind: 'sent' as const },
        }));
        // Nothing follows afterwards: what the two transactions write is all there is.
        await Promise.all([
          recordOutcomes(store.connection, store.models, sent, FENCE, new Date()),
          tell(own, first, 'failed'),
        ]);
      }),
    );
    for (const own of chains) {
      const [first] = await own.steps();
      expect(first?.state).toBe('FAILED');
      expect(await letterOf(first)).toMatchObject({ state: 'SUPERSEDED' });
    }
  }, 60_000);
});

describe('a step that begins', () => {
  const asked: string[] = [];
  const say =
    (look: Awaited<ReturnType<LookAgain>>[number]): LookAgain =>
    async (late) => {
      asked.push(...late.map(({ delivery }) => delivery._id));
      return late.map(() => look);
    };

  it('is skipped for what speaks against it by now, and the chain goes on', async () => {
    const own = await chain('SENT', undefined);
    const [first, second, third] = await own.steps();
    await attempt(first, 'failed');
    expect((await attempt(second, 'sent', new Date(), say({ skip: 'UNSUBSCRIBED' }))).claimed).toEqual([]);
    expect((await own.steps())[1]).toMatchObject({
      state: 'SKIPPED',
      skipReason: 'UNSUBSCRIBED',
      skippedAt: expect.any(Date),
    });
    expect(await queuedOn('EMAIL')).toContain(third?._id);
    expect((await attempt(third, 'sent', new Date(), say({ skip: 'SUPPRESSED' }))).claimed).toEqual([]);
    expect(await states(own)).toEqual(['FAILED', 'SKIPPED', 'SKIPPED']);
    await completed(own.id);
    // Nobody was reached: the failure is somebody's business.
    expect(await letterOf(first)).toMatchObject({ state: 'OPEN' });
  });

  it('goes by what its chain says first', async () => {
    const own = await chain('OPENED', 60);
    const [first, second] = await own.steps();
    await attempt(first, 'sent');
    // Not its turn yet: it is held back, whoever unsubscribed.
    await attempt(second, 'sent', new Date(), say({ skip: 'UNSUBSCRIBED' }));
    expect((await own.steps())[1]).toMatchObject({ state: 'QUEUED', fence: null });
    await tell(own, first, 'opened');
    expect((await own.steps())[1]).toMatchObject({ state: 'SKIPPED', skipReason: 'FALLBACK_NOT_NEEDED' });
  });

  it('is held by the quiet hours of now', async () => {
    const own = await chain('SENT', undefined);
    const [first, second] = await own.steps();
    await attempt(first, 'failed');
    const now = new Date('2026-03-01T23:00:00Z');
    const quiet = { from: '22:00', to: '23:03' };
    expect((await attempt(second, 'sent', now, say({ quiet }))).claimed).toEqual([]);
    const [, held] = await own.steps();
    const end = new Date('2026-03-01T23:03:00Z');
    expect(held).toMatchObject({ state: 'QUEUED', nextAttemptAt: end, held: { until: end } });
    expect((await attempt(second, 'sent', end, say({}))).claimed).toHaveLength(1);
  });

  it('is skipped in quiet hours, too, when an earlier one has success', async () => {
    const own = await chain('OPENED', 60);
    const [first, second] = await own.steps();
    await attempt(first, 'sent');
    const later = inFuture(61_000);
    const hour = (ms: number) => new Date(later.getTime() + ms).toISOString().slice(11, 16);
    const quiet = { from: hour(-3_600_000), to: hour(3_600_000) };
    await attempt(second, 'sent', later, say({ quiet }));
    const [, held] = await own.steps();
    expect(held).toMatchObject({ state: 'QUEUED', held: { at: later } });
    await tell(own, first, 'opened');
    expect((await own.steps())[1]).toMatchObject({ state: 'SKIPPED', skipReason: 'FALLBACK_NOT_NEEDED' });
  });

  it('is asked of what was planned a while ago as well, and of nothing else', async () => {
    const plan = async () => {
      const record = notification();
      await store.models.raw.notifications.insertOne(record);
      const { queued } = await store.outbox.storePlans([emailPage(record, ['a@example.com'])], new Date());
      return store.models.raw.deliveries.findOne({ _id: queued[0]?.id ?? '' });
    };
    const fresh = await plan();
    asked.length = 0;
    expect(
      (await attempt(fresh ?? undefined, 'sent', new Date(), say({ skip: 'UNSUBSCRIBED' }))).claimed,
    ).toHaveLength(1);
    expect(asked).toEqual([]);
    const old = await plan();
    const later = inFuture(120_000);
    expect((await attempt(old ?? undefined, 'sent', later, say({ skip: 'UNSUBSCRIBED' }))).claimed).toEqual(
      [],
    );
    expect(asked).toEqual([old?._id]);
    expect(await store.models.raw.deliveries.findOne({ _id: old?._id ?? '' })).toMatchObject({
      state: 'SKIPPED',
      skipReason: 'UNSUBSCRIBED',
    });
    expect(await stateOf(old?.notification ?? '')).toBe('COMPLETED');
  });
});
