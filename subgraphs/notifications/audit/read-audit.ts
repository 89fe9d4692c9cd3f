/** The audit trail of a workspace, newest first. */
import { type Scanned, scanNewest, stretchOf } from '../read/scan-newest.ts';
import type { NotificationModels } from '../store/models.ts';
import type { AuditAction, AuditRecord } from './audit-record.ts';
import { auditId } from './write-audit.ts';

/** `AuditFilter` of the graph, nulls taken out. */
export interface AuditFilter {
  readonly action?: readonly AuditAction[];
  /** Name of the operator, or id of the app or of the operator's key. */
  readonly by?: string;
  readonly notification?: string;
  readonly delivery?: string;
  readonly providerAccount?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/** @param after the id of the entry to go on after. */
export function readAudit(
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  filter: AuditFilter,
  { size, after }: { readonly size: number; readonly after?: string | undefined },
): Promise<Scanned<AuditRecord>> {
  return scanNewest({
    read: async (position, limit) => {
      const items = await models.raw.audit
        .find({ _id: { $gte: `${workspace}|`, $lt: `${workspace}|${position ?? '~'}` } })
        .sort({ _id: -1 })
        .limit(limit)
        .toArray();
      return stretchOf(items, limit);
    },
    positionOf: auditId,
    size,
    after,
    ...(Object.keys(filter).length > 0 && { matches: (entry) => matchesAudit(filter, entry) }),
  });
}

/** Pure. */
export function matchesAudit(filter: AuditFilter, entry: AuditRecord): boolean {
  const { action, by, notification, delivery, providerAccount, from, to } = filter;
  if (action && !action.includes(entry.action)) return false;
  if (by !== undefined && by !== entry.actor.name && by !== entry.actor.id) return false;
  if (notification !== undefined && !concerns(entry, notification)) return false;
  if (delivery !== undefined && !entry.deliveries.includes(delivery)) return false;
  if (providerAccount !== undefined && providerAccount !== entry.providerAccount) return false;
  return (!from || entry.at >= from) && (!to || entry.at < to);
}

const concerns = ({ notifications, replays }: AuditRecord, id: string): boolean =>
  notifications.includes(id) || (replays?.includes(id) ?? false);
