/** Who may see which notification. Pure. */
import type { Principal } from '../../../platform/auth/principal.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';

/** By id: operators see their workspace's, apps their own, users none (they reach theirs by their inbox). */
export function maySee(principal: Principal, record: Pick<NotificationRecord, 'workspace' | 'app'>): boolean {
  if (principal.workspace !== record.workspace) return false;
  return principal.kind === 'operator' || (principal.kind === 'app' && principal.app === record.app);
}

/** A user who came by the inbox sees of a notification only the deliveries to himself. */
export const maySeeDelivery = (principal: Principal, delivery: DeliveryRecord): boolean =>
  principal.workspace === delivery.workspace &&
  (principal.kind !== 'user' || delivery.user === principal.user);

/**
 * A notification as one of its receivers may see it: not how many others there are, nor who works on it.
 * @param own how many deliveries the receiver has.
 */
export function receiversView(record: NotificationRecord, own: number): NotificationRecord {
  const { canceledBy: _canceledBy, replays: _replays, ...shown } = record;
  return { ...shown, deliveryCount: own };
}
