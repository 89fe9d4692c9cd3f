/** The event that a delivery's change is told by. Pure. */
import type { DeliveryEvent } from '../../../platform/event-log/events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';

/** @param at when it happened. The state is the one in `record`. */
export function deliveryEvent(
  type: DeliveryEvent['type'],
  record: DeliveryRecord,
  at: Date,
  errorCode?: string,
): DeliveryEvent {
  return {
    v: 1,
    type,
    workspace: record.workspace,
    app: record.app,
    notification: record.notification,
    delivery: record._id,
    at: at.getTime(),
    channel: record.channel,
    state: record.state,
    ...(record.template !== undefined && { template: record.template }),
    ...(record.user !== undefined && { user: record.user }),
    ...(record.provider !== undefined && { provider: record.provider }),
    ...(record.skipReason !== undefined && { skipReason: record.skipReason }),
    ...(errorCode !== undefined && { errorCode }),
  };
}
