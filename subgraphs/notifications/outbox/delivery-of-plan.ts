/** From the planner's decision to the stored delivery. Pure. */
import { derivedId, scopedKey } from '../../../platform/names/ids.ts';
import type { DeliveryRecord, NotificationRecord, PlannedDelivery } from '../contract.ts';
import { FIRST_LOOK_MS } from './first-look.ts';

/**
 * Its id follows from notification, recipient, channel and device, so that one recipient on one channel is one
 * delivery however often it is planned. IN_APP is final here: its message is stored in the same transaction.
 */
export function deliveryOfPlan(
  notification: NotificationRecord,
  planned: PlannedDelivery,
  options: { sole: boolean; now: Date; fence: string },
): DeliveryRecord {
  const { now } = options;
  const inApp = planned.channel === 'IN_APP' && !planned.skipReason && planned.renderError === undefined;
  const final = inApp || planned.skipReason !== undefined || planned.renderError !== undefined;
  return {
    _id: derivedId(
      'dlv',
      notification._id,
      planned.channel,
      planned.user ?? '',
      planned.address ?? '',
      planned.device?.id ?? '',
    ),
    workspace: notification.workspace,
    app: notification.app,
    notification: notification._id,
    sole: options.sole,
    channel: planned.channel,
    ...(planned.user !== undefined && {
      user: planned.user,
      userKey: scopedKey(notification.workspace, planned.user),
    }),
    ...(planned.address !== undefined && { address: planned.address }),
    ...(planned.device && { device: planned.device }),
    state: planned.skipReason
      ? 'SKIPPED'
      : planned.renderError !== undefined
        ? 'FAILED'
        : inApp
          ? 'DELIVERED'
          : 'QUEUED',
    ...(planned.skipReason && { skipReason: planned.skipReason }),
    ...(inApp && { provider: 'inbox', sentAt: now, deliveredAt: now }),
    ...(planned.renderError !== undefined && { failedAt: now }),
    attempt: inApp || planned.renderError !== undefined ? 1 : 0,
    attempts: inApp
      ? [{ at: now, provider: 'inbox', ok: true, latencyMs: 0 }]
      : planned.renderError !== undefined
        ? [
            {
              at: now,
              provider: 'template',
              ok: false,
              errorCode: 'CHANNEL_RENDER_FAILED',
              errorMessage: planned.renderError,
              latencyMs: 0,
            },
          ]
        : [],
    ...(planned.content && { content: planned.content }),
    priority: notification.priority,
    ...(notification.category !== undefined && { category: notification.category }),
    ...(notification.event !== undefined && { event: notification.event }),
    ...(notification.template !== undefined && { template: notification.template }),
    createdAt: now,
    ...(notification.expiresAt && { expiresAt: notification.expiresAt }),
    nextAttemptAt: final ? null : new Date(now.getTime() + FIRST_LOOK_MS),
    fence: options.fence,
  };
}
