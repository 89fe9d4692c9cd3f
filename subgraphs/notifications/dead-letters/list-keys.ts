/**
 * Keys that order dead letters in lists: one string per list, `<list>|<state>|<time>|<id>`, so that "the open ones
 * of this workspace, newest first, after this one" is one range of one index, whatever else is stored. Pure.
 */
import type { DeadLetterRecord, DeadLetterState } from './dead-letter-record.ts';

/** The fields that hold a list's key, each with an index of its own. */
export type ListField = 'byWorkspace' | 'byApp' | 'byNotification';

/** One list: of a workspace, of an app, or of a notification. */
export interface List {
  readonly field: ListField;
  readonly name: string;
}

/** Neither workspaces nor apps nor notification ids contain the separator. */
export const ofWorkspace = (workspace: string): List => ({ field: 'byWorkspace', name: workspace });
export const ofApp = (workspace: string, app: string): List => ({
  field: 'byApp',
  name: `${workspace}|${app}`,
});
export const ofNotification = (notification: string): List => ({
  field: 'byNotification',
  name: notification,
});

/** Milliseconds since 1970 in a width that lasts, so that text order is time order. */
const timeKey = (at: Date): string => String(at.getTime()).padStart(15, '0');

/** Where a dead letter stands among those of any state: what cursors are made of. */
export const positionOf = (letter: Pick<DeadLetterRecord, '_id' | 'failedAt'>): string =>
  `${timeKey(letter.failedAt)}|${letter._id}`;

export const isPosition = (text: string): boolean => /^\d{15}\|dlv_[0-9a-z]+$/.test(text);

type Keyed = Pick<DeadLetterRecord, '_id' | 'workspace' | 'app' | 'notification' | 'failedAt'>;

/** The list keys of a dead letter in `state`: they change with it. */
export function listKeys(letter: Keyed, state: DeadLetterState): Pick<DeadLetterRecord, ListField> {
  const key = ({ name }: List) => `${name}|${state}|${positionOf(letter)}`;
  return {
    byWorkspace: key(ofWorkspace(letter.workspace)),
    byApp: key(ofApp(letter.workspace, letter.app)),
    byNotification: key(ofNotification(letter.notification)),
  };
}

/**
 * The range of keys of one state of a list.
 * @param bounds from (inclusive) and to (exclusive) in time; `after` is the position to go on after, newest first.
 */
export function keyRange(
  list: List,
  state: DeadLetterState,
  bounds: { readonly from?: Date; readonly to?: Date; readonly after?: string } = {},
): { readonly $gte: string; readonly $lt: string } {
  const prefix = `${list.name}|${state}|`;
  const uppers = [bounds.to && timeKey(bounds.to), bounds.after].filter((upper) => upper !== undefined);
  return {
    $gte: prefix + (bounds.from ? timeKey(bounds.from) : ''),
    // '~' comes after every digit and letter.
    $lt: prefix + (uppers.sort()[0] ?? '~'),
  };
}
