/** Moves notifications on when a page of their plan is stored. */
import type { ClientSession } from 'mongoose';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { COMPLETION_LOOK_MS, NEXT_PAGE_LOOK_MS } from './looks.ts';
import type { PlanPage } from './plan-page.ts';

/** A page of a plan and its deliveries as they are stored. */
export interface MovedPlan {
  readonly page: PlanPage;
  readonly deliveries: readonly DeliveryRecord[];
  /** The first page and the last. */
  readonly whole: boolean;
  /** Every delivery is final from the start. */
  readonly done: boolean;
}

/** Not all of the notifications could be moved on. */
export class SomeMovedError extends Error {
  override readonly name = 'SomeMovedError';
}

/** Notifications that are not planned yet, and that nobody has stopped. */
export const PLANNABLE = ['ACCEPTED', 'SCHEDULED', 'PROCESSING'] as const;

/**
 * Marks the notifications whose page is still the next one; the others were cancelled, or planned or claimed by
 * another worker. What changes alike is one update: a single update costs several times as much.
 * @param fence tells which ones were marked where not all were; without it that is not known.
 * @returns their ids.
 * @throws SomeMovedError without a fence, where some but not all were marked, or none: the transaction must begin
 * again with one.
 */
export async function moveOn(
  models: NotificationModels,
  plans: readonly MovedPlan[],
  now: Date,
  fence: string | undefined,
  session: ClientSession,
): Promise<Set<string>> {
  const collection = models.raw.notifications;
  const alike = Map.groupBy(plans, kindOf);
  let moved = 0;
  for (const [first, ...others] of alike.values()) {
    if (!first) continue;
    const ids = [first, ...others].map(({ page }) => page.notification._id);
    const { $set, ...counted } = changeOf(first, now);
    const { modifiedCount } = await collection.updateMany(
      { _id: { $in: ids }, planned: false, state: { $in: [...PLANNABLE] }, ...filterOf(first) },
      { $set: fence === undefined ? $set : { ...$set, planFence: fence }, ...counted },
      { session },
    );
    moved += modifiedCount;
  }
  const ids = plans.map(({ page }) => page.notification._id);
  if (moved === plans.length) return new Set(ids);
  if (fence === undefined) throw new SomeMovedError();
  const ours = await collection
    .find({ _id: { $in: ids }, planFence: fence }, { session, projection: { _id: 1 } })
    .toArray();
  return new Set(ours.map((doc) => doc._id));
}

/** Plans of one kind have one filter and one change. */
function kindOf({ page, deliveries, whole, done }: MovedPlan): string {
  const { notification, claim, beforeFirstLook, nextCursor, templateVersion } = page;
  const [first] = deliveries;
  const channels = deliveries.length === 1 ? first?.channel : deliveries.map((d) => d.channel).join();
  return `${notification.planCursor} ${claim} ${beforeFirstLook} ${nextCursor} ${templateVersion} ${whole} ${done} ${deliveries.length} ${channels} ${heldUntil(deliveries)}`;
}

/** Where the plan must have come to, and under whose claim. */
function filterOf({ page: { notification, claim, beforeFirstLook } }: MovedPlan) {
  return {
    planCursor: notification.planCursor ?? { $exists: false },
    planClaim: claim ?? { $exists: false },
    ...(beforeFirstLook && { looks: { $exists: false } }),
  };
}

function changeOf({ page, deliveries, whole, done }: MovedPlan, now: Date) {
  const last = page.nextCursor === undefined;
  const used = [...new Set(deliveries.map((d) => d.channel))].sort();
  const $set = {
    state: done ? ('COMPLETED' as const) : ('PROCESSING' as const),
    planned: last,
    nextAttemptAt: nextLook({ last, whole, done }, deliveries, now),
    ...(!done && { lane: 'TIMED' as const }),
    ...(last && { plannedAt: now }),
    ...(done && { completedAt: now }),
    ...(page.nextCursor !== undefined && { planCursor: page.nextCursor }),
    ...(page.templateVersion !== undefined && { templateVersion: page.templateVersion }),
  };
  return whole
    ? { $set: { ...$set, usedChannels: used, deliveryCount: deliveries.length } }
    : { $set, $inc: { deliveryCount: deliveries.length }, $addToSet: { usedChannels: { $each: used } } };
}

/** A sole delivery completes its notification in its own transaction; of several, the last may have been missed. */
function nextLook(
  { last, whole, done }: { readonly last: boolean; readonly whole: boolean; readonly done: boolean },
  deliveries: readonly DeliveryRecord[],
  now: Date,
): Date | null {
  if (!last) return new Date(now.getTime() + NEXT_PAGE_LOOK_MS);
  if (done || (whole && deliveries.length === 1)) return null;
  return new Date(Math.max(now.getTime(), heldUntil(deliveries)) + COMPLETION_LOOK_MS);
}

/** The end of the quiet hours that hold some of them: before, it cannot be complete. */
const heldUntil = (deliveries: readonly DeliveryRecord[]): number =>
  deliveries.reduce((latest, { held }) => (held ? Math.max(latest, held.until.getTime()) : latest), 0);
