/** The alerts of a workspace, newest first. */
import { type Scanned, scanNewest, stretchOf } from '../read/scan-newest.ts';
import type { NotificationModels } from '../store/models.ts';
import { type AlertRecord, alertId } from './alert-record.ts';

/** @param after the id of the alert to go on after. */
export const readAlerts = (
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  { size, after }: { readonly size: number; readonly after?: string | undefined },
): Promise<Scanned<AlertRecord>> =>
  scanNewest({
    read: async (position, limit) => {
      const items = await models.raw.alerts
        .find({ _id: { $gte: `${workspace}|`, $lt: `${workspace}|${position ?? '~'}` } })
        .sort({ _id: -1 })
        .limit(limit)
        .toArray();
      return stretchOf(items, limit);
    },
    positionOf: alertId,
    size,
    after,
  });

/** @param id as callers see it. */
export async function alertById(
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  id: string,
): Promise<AlertRecord | undefined> {
  return (await models.raw.alerts.findOne({ _id: `${workspace}|${id}` })) ?? undefined;
}
