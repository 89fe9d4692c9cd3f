/** The events that storing plans is told by. Pure. */
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { deliveryEvent } from './delivery-events.ts';
import type { MovedPlan } from './move-on.ts';

export function eventsOfPlans(
  plans: readonly MovedPlan[],
  stored: ReadonlySet<string>,
  deliveries: readonly DeliveryRecord[],
  now: Date,
): HeraldEvent[] {
  const events = deliveries.flatMap((record) => eventsOfDelivery(record, now));
  for (const { page, done } of plans)
    if (stored.has(page.notification._id))
      events.push(notificationUpdated(page.notification, done ? 'COMPLETED' : 'PROCESSING', now));
  return events;
}

/** Every delivery that is attempted was queued first; one that is final at once has two events. */
function eventsOfDelivery(record: DeliveryRecord, now: Date): HeraldEvent[] {
  if (record.state === 'SKIPPED') return [deliveryEvent('delivery.skipped', record, now)];
  const queued = deliveryEvent('delivery.queued', { ...record, state: 'QUEUED' }, now);
  const last = record.attempts.at(-1);
  if (!last) return [queued];
  switch (record.state) {
    case 'DELIVERED':
      return [queued, deliveryEvent('delivery.delivered', record, now)];
    case 'SENT':
      return [queued, deliveryEvent('delivery.sent', record, last.at)];
    case 'FAILED':
      return [queued, deliveryEvent('delivery.failed', record, last.at, last.errorCode)];
    default:
      return [
        queued,
        deliveryEvent('delivery.retrying', { ...record, provider: last.provider }, last.at, last.errorCode),
      ];
  }
}

/** @param state the one that the notification has entered. */
export const notificationUpdated = (
  record: Pick<NotificationRecord, '_id' | 'workspace' | 'app' | 'priority' | 'event' | 'template'>,
  state: NotificationRecord['state'],
  at: Date,
): HeraldEvent => ({
  v: 1,
  type: 'notification.updated',
  workspace: record.workspace,
  app: record.app,
  notification: record._id,
  at: at.getTime(),
  state,
  priority: record.priority,
  ...(record.event !== undefined && { event: record.event }),
  ...(record.template !== undefined && { template: record.template }),
});
