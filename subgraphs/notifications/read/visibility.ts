/** Who may see which notification. Pure. */
import type { Principal } from '../../../platform/auth/principal.ts';
import type { DeliveryRecord, NotificationRecord } from '../contract.ts';

/** By id: operators see their workspace's, apps their own, users none (they reach theirs by their inbox). */
export function maySee(principal: Principal, record: Pick<NotificationRecord, 'workspace' | 'app'>): boolean {
  if (principal.workspace !== record.workspace) return false;
  return principal.kind === 'operator' || (principal.kind === 'app' && principal.app === record.app);
}

/** A user who came by the inbox sees of a notification only the deliveries to himself. */
export const maySeeDelivery = (principal: Principal, delivery: DeliveryRecord): boolean =>
  principal.workspace === delivery.workspace &&
  (principal.kind !== 'user' || delivery.user === principal.user);
