/** Finding a notification or delivery for a caller: what is not theirs is not there. */
import type { Principal, RequestContext } from '../../../platform/auth/principal.ts';
import { notFound } from '../../../platform/errors/herald-error.ts';
import { maySee } from '../read/visibility.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { loadersOf } from './deps.ts';

export interface Lookup {
  /** @throws HeraldError NOT_FOUND for what is not there or not the caller's. */
  notification(principal: Principal, id: string, context: RequestContext): Promise<NotificationRecord>;
  /** By an id that the store itself gave, of something that the caller may see. @throws HeraldError NOT_FOUND. */
  loaded(id: string, context: RequestContext): Promise<NotificationRecord>;
  delivery(id: string, context: RequestContext): Promise<DeliveryRecord>;
}

export function lookup(loaders: ReturnType<typeof loadersOf>): Lookup {
  return {
    async notification(principal, id, context) {
      const record = await loaders(context).notifications.load(id);
      if (!record || !maySee(principal, record)) throw notFound('notification', id);
      return record;
    },
    async loaded(id, context) {
      const record = await loaders(context).notifications.load(id);
      if (!record || record.workspace !== context.principal?.workspace) throw notFound('notification', id);
      return record;
    },
    async delivery(id, context) {
      const record = await loaders(context).deliveries.load(id);
      if (!record || record.workspace !== context.principal?.workspace) throw notFound('delivery', id);
      return record;
    },
  };
}
