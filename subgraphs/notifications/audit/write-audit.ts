/** Writes the audit trail: always in the transaction of the change that it tells of. */
import type { ClientSession } from 'mongoose';
import { newId } from '../../../platform/names/ids.ts';
import type { NotificationModels } from '../store/models.ts';
import type { AuditRecord } from './audit-record.ts';

export async function writeAudit(
  models: Pick<NotificationModels, 'raw'>,
  entry: Omit<AuditRecord, '_id'>,
  session: ClientSession,
): Promise<void> {
  const id = newId('aud', entry.at.getTime());
  await models.raw.audit.insertOne({ _id: `${entry.workspace}|${id}`, ...entry }, { session });
}

/** The id that callers see. Pure. */
export const auditId = ({ _id, workspace }: Pick<AuditRecord, '_id' | 'workspace'>): string =>
  _id.slice(workspace.length + 1);
