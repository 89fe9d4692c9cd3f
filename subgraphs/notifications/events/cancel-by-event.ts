/** An event that cancels what another one has put off. Idempotent: it is done when it is accepted, and surely when it is planned. */
import type { Connection } from 'mongoose';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Actor } from '../audit/actor.ts';
import { cancelNotification } from '../change/cancel.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { cancellableOf } from './cancellable.ts';

/**
 * Cancels what was accepted before `by` and still waits for its time.
 * @throws what MongoDB throws; what was not cancelled by then is when `by` is planned again.
 */
export async function cancelByEvent(
  deps: { connection: Connection; models: NotificationModels; events: EventLog },
  by: NotificationRecord,
): Promise<number> {
  let count = 0;
  const actor: Actor = { kind: 'APP', id: by.app, name: `event ${by.event} (${by._id})` };
  for (const { event, key } of by.cancels ?? []) {
    const ids = await cancellableOf(deps.models, by.workspace, event, key);
    if (ids.length === 0) continue;
    const waiting = await deps.models.notifications
      .find({ _id: { $in: ids }, state: 'SCHEDULED' })
      .lean<NotificationRecord[]>();
    for (const record of waiting) {
      if (record.createdAt > by.createdAt || record._id === by._id) continue;
      try {
        await cancelNotification(deps, record, actor);
        count++;
      } catch (error) {
        // Its time has come, or another one was quicker.
        if (!(error instanceof HeraldError && error.code === 'CONFLICT')) throw error;
      }
    }
  }
  return count;
}
