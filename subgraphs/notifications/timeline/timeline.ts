/** The timeline of a notification, told from its documents: nothing extra is written while sending. Pure. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { DigestEntry } from '../digests/digest-record.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';

export interface TimelineEntryRecord {
  readonly at: Date;
  /** `noun.verbed`, or one word for the notification's own steps. */
  readonly type: string;
  readonly channel?: Channel;
  readonly user?: string;
  readonly detail?: Record<string, unknown>;
}

/** Steps of one instant are told in this order. */
const ORDER = [
  'accepted',
  'replayOf',
  'followUpOf',
  'digestOf',
  'scheduled',
  'routed',
  'rendered',
  'heldBack',
  'fallback',
  'skipped',
  'attempt',
  'retry',
  'sent',
  'delivered',
  'failed',
  'expired',
  'canceled',
  'opened',
  'clicked',
  'completed',
  'replayed',
];

/**
 * Oldest first.
 * @param deliveries those to tell of; more may exist.
 * @param digests by bucket: the notifications that digests became.
 */
export function timelineOf(
  notification: NotificationRecord,
  deliveries: readonly DeliveryRecord[],
  total: number,
  digests: ReadonlyMap<string, string> = new Map(),
): TimelineEntryRecord[] {
  const entries = [
    ...ofNotification(notification, routedAt(notification, deliveries)),
    ...deliveries.flatMap((d) => ofDelivery(notification, d, digests)),
  ];
  if (total > deliveries.length)
    entries.push({
      at: notification.plannedAt ?? notification.createdAt,
      type: 'truncated',
      detail: { deliveries: total, shown: deliveries.length },
    });
  return entries
    .map((entry, index) => ({ entry, index }))
    .sort(
      (a, b) =>
        a.entry.at.getTime() - b.entry.at.getTime() ||
        rank(a.entry.type) - rank(b.entry.type) ||
        a.index - b.index,
    )
    .map(({ entry }) => entry);
}

const rank = (type: string): number => {
  const index = ORDER.indexOf(type);
  return index < 0 ? ORDER.length : index;
};

const earliest = (...dates: readonly (Date | undefined)[]): Date | undefined =>
  dates.reduce((first, date) => (date && (!first || date < first) ? date : first), undefined);

/** What is urgent is tried before its plan is stored: it was routed by then. */
const routedAt = ({ plannedAt }: NotificationRecord, deliveries: readonly DeliveryRecord[]) =>
  plannedAt && earliest(plannedAt, ...deliveries.map(({ attempts }) => attempts[0]?.at));

function ofNotification(n: NotificationRecord, routed: Date | undefined): TimelineEntryRecord[] {
  const entries: TimelineEntryRecord[] = [
    {
      at: n.createdAt,
      type: 'accepted',
      detail: { app: n.app, priority: n.priority, ...(n.event !== undefined && { event: n.event }) },
    },
  ];
  if (n.followUpOf !== undefined)
    entries.push({ at: n.createdAt, type: 'followUpOf', detail: { notification: n.followUpOf } });
  if (n.replayOf !== undefined)
    entries.push({ at: n.createdAt, type: 'replayOf', detail: { notification: n.replayOf } });
  if (n.digestOf !== undefined)
    entries.push({ at: n.createdAt, type: 'digestOf', detail: { notifications: collectedIn(n) } });
  if (n.dueAt > n.createdAt)
    entries.push({ at: n.createdAt, type: 'scheduled', detail: { dueAt: n.dueAt.toISOString() } });
  if (routed)
    entries.push({
      at: routed,
      type: 'routed',
      detail: {
        deliveries: n.deliveryCount ?? 0,
        ...(n.event !== undefined && { event: n.event, routeVersion: n.routeVersion }),
        ...(n.template !== undefined && { template: n.template, templateVersion: n.templateVersion }),
        ...(n.passedOver && { passedOver: n.passedOver }),
      },
    });
  if (n.completedAt) entries.push({ at: n.completedAt, type: 'completed' });
  if (n.expiredAt) entries.push({ at: n.expiredAt, type: 'expired' });
  if (n.canceledAt)
    entries.push({ at: n.canceledAt, type: 'canceled', detail: { by: n.canceledBy ?? null } });
  for (const replay of n.replays ?? [])
    entries.push({
      at: replay.at,
      type: 'replayed',
      detail: { notification: replay.notification, by: replay.by },
    });
  return entries;
}

/** The notifications that a digest tells of. */
const collectedIn = ({ data }: NotificationRecord): string[] =>
  ((data?.items ?? []) as readonly DigestEntry[]).map(({ notification }) => notification);

const sameTime = (a: Date | undefined, b: Date): boolean => a?.getTime() === b.getTime();

function ofDelivery(
  notification: NotificationRecord,
  d: DeliveryRecord,
  digests: ReadonlyMap<string, string>,
): TimelineEntryRecord[] {
  const base = { channel: d.channel, ...(d.user !== undefined && { user: d.user }) };
  const to = d.address === undefined ? {} : { address: d.address };
  const entries: TimelineEntryRecord[] = [];
  const add = (at: Date | undefined, type: string, detail: Record<string, unknown> = {}) => {
    if (at) entries.push({ at, type, ...base, detail: { delivery: d._id, ...to, ...detail } });
  };
  if (d.skipReason)
    add(d.skippedAt ?? d.createdAt, 'skipped', {
      reason: d.skipReason,
      ...(d.skippedFor !== undefined && { notification: d.skippedFor }),
      // Null until it is made.
      ...(d.digest !== undefined && { notification: digests.get(d.digest) ?? null }),
    });
  // What was skipped with the plan has no words of its own, or nobody's.
  if (d.content && (d.skipReason === undefined || (d.skippedAt !== undefined && d.skippedAt > d.createdAt)))
    add(earliest(d.createdAt, d.attempts[0]?.at), 'rendered', {
      locale: d.content.locale,
      template: d.template ?? notification.template ?? null,
      ...(d.action !== undefined && { action: d.action }),
    });
  const { step = 0, startedAt, afterSeconds } = d.chain ?? {};
  if (step > 0 && !sameTime(startedAt, d.createdAt)) {
    add(d.createdAt, 'heldBack', { step, ...(afterSeconds !== undefined && { afterSeconds }) });
    add(startedAt, 'fallback', { step });
  }
  if (d.held) add(d.held.at, 'heldBack', { reason: 'QUIET_HOURS', until: d.held.until.toISOString() });
  d.attempts.forEach((attempt, index) => {
    add(attempt.at, 'attempt', {
      number: index + 1,
      provider: attempt.provider,
      ok: attempt.ok,
      latencyMs: attempt.latencyMs,
      ...(attempt.errorCode !== undefined && {
        errorCode: attempt.errorCode,
        errorMessage: attempt.errorMessage,
      }),
    });
  });
  if (d.channel !== 'IN_APP') add(d.sentAt, 'sent', { provider: d.provider });
  add(d.deliveredAt, 'delivered');
  add(d.failedAt, 'failed', { attempts: d.attempt });
  add(d.expiredAt, 'expired');
  add(d.canceledAt, 'canceled');
  add(d.openedAt, 'opened');
  add(d.clickedAt, 'clicked');
  return entries;
}
