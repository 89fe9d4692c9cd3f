/** Notifications whose planning kills its worker, again and again: found, kept apart, and handed to a person. Pure. */
import { messageOf } from '../../platform/errors/message-of.ts';
import type { NotificationRecord, PlannedDelivery, PlanPage } from '../../subgraphs/notifications/index.ts';

/** Brought back by the sweeper this often: from here on each beginning is counted. */
const COUNTED_FROM_LOOKS = 2;
/** Begun so often without an end: planned alone from now on, so that it takes no others with it. */
const ALONE_FROM_TRIES = 3;
/** Begun so often without an end: not planned any more. */
export const MAX_TRIES = 6;

export interface Sorted {
  /** Planned together. */
  readonly together: readonly NotificationRecord[];
  /** Planned one after the other. */
  readonly alone: readonly NotificationRecord[];
  /** Not planned any more. */
  readonly givenUp: readonly NotificationRecord[];
  /** Whose beginning is counted. */
  readonly counted: readonly string[];
}

export function sortByTries(records: readonly NotificationRecord[]): Sorted {
  const tries = (record: NotificationRecord) => record.tries ?? 0;
  const open = records.filter((r) => tries(r) < MAX_TRIES);
  return {
    together: open.filter((r) => tries(r) < ALONE_FROM_TRIES),
    alone: open.filter((r) => tries(r) >= ALONE_FROM_TRIES),
    givenUp: records.filter((r) => tries(r) >= MAX_TRIES),
    counted: open.filter((r) => (r.looks ?? 0) >= COUNTED_FROM_LOOKS).map((r) => r._id),
  };
}

/** Whether it is not planned any more, should this time fail, too. */
export const isLastTry = ({ tries = 0 }: Pick<NotificationRecord, 'tries'>): boolean =>
  tries + 1 >= MAX_TRIES;

/**
 * Every entry of `to` as a failed delivery, which is a dead letter that a person sees.
 * @param cause why the last try failed, where that is known: a worker that was killed has said nothing.
 */
export function givenUpPage(notification: NotificationRecord, cause?: unknown): PlanPage {
  const renderError =
    cause === undefined
      ? `Planning was begun ${MAX_TRIES} times and never came to an end.`
      : `Planning failed ${MAX_TRIES} times: ${messageOf(cause)}`;
  const channel = notification.channels[0] ?? 'IN_APP';
  const to = [...notification.to, ...(notification.actions ?? []).flatMap((action) => action.to)];
  const failed = to.map(
    ({ user, channel: own, address }): PlannedDelivery => ({
      channel: own ?? channel,
      ...(user !== undefined && { user }),
      ...(address !== undefined && { address }),
      renderError,
    }),
  );
  return { notification, deliveries: failed.length > 0 ? failed : [{ channel, renderError }] };
}
