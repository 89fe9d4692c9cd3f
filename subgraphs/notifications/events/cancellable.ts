/**
 * What waits for its delay and can be cancelled by another event: found by workspace, event and the key's value. An
 * entry is written before its notification, so that none is ever missing; one without a notification does no harm.
 */
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import type { CancellableRecord } from './cancellable-model.ts';

/** Longer than its notification waits: what is late is still found. */
const KEPT_MS = 24 * 3_600_000;

/** Names have no bar: they are escaped, so that no key can reach another one's range. */
const part = (text: string): string => text.replaceAll('%', '%25').replaceAll('|', '%7C');
const prefixOf = (workspace: string, event: string, key: string): string =>
  `${part(workspace)}|${part(event)}|${part(key)}|`;

/** Entries of notifications that are about to be accepted; those that nothing cancels are passed over. */
export async function keepCancellable(
  models: NotificationModels,
  records: readonly NotificationRecord[],
): Promise<void> {
  const entries = records.flatMap(({ _id, workspace, event = '', cancelKey, dueAt }): CancellableRecord[] =>
    cancelKey === undefined
      ? []
      : [
          {
            _id: prefixOf(workspace, event, cancelKey) + _id,
            notification: _id,
            until: new Date(dueAt.getTime() + KEPT_MS),
          },
        ],
  );
  if (entries.length > 0) await models.raw.cancellables.insertMany(entries, { ordered: false });
}

/** Ids of the notifications of an event and key that may still wait. */
export async function cancellableOf(
  models: NotificationModels,
  workspace: string,
  event: string,
  key: string,
): Promise<string[]> {
  const prefix = prefixOf(workspace, event, key);
  const found = await models.raw.cancellables
    .find({ _id: { $gte: prefix, $lt: `${prefix.slice(0, -1)}}` } })
    .toArray();
  return found.map(({ notification }) => notification);
}
