/**
 * An event with several messages is planned one after the other: each is planned as if it were the notification's
 * only one. Pure.
 */
import type {
  NotificationAction,
  NotificationRecord,
  PlannedDelivery,
} from '../../subgraphs/notifications/index.ts';

/** What is planned now. */
export interface Act {
  /** The notification, with the action's recipients, channels and template for its own. */
  readonly record: NotificationRecord;
  /** Absent where the notification has one message. */
  readonly action?: NotificationAction;
  /** Where the next page starts, given where the action's next page would; undefined after the last one. */
  readonly cursorAfter: (inner: string | undefined) => string | undefined;
}

interface Position {
  readonly action: number;
  readonly cursor?: string;
}
const encode = (position: Position): string => JSON.stringify(position);

export function actOf(record: NotificationRecord): Act {
  const { actions, planCursor } = record;
  if (!actions) return { record, cursorAfter: (inner) => inner };
  const position = planCursor === undefined ? { action: 0 } : (JSON.parse(planCursor) as Position);
  const action = actions[position.action];
  if (!action) return { record, cursorAfter: () => undefined };
  return {
    record: asOwn(record, action, position.cursor),
    action,
    cursorAfter(inner) {
      if (inner !== undefined) return encode({ action: position.action, cursor: inner });
      return position.action + 1 < actions.length ? encode({ action: position.action + 1 }) : undefined;
    },
  };
}

function asOwn(
  record: NotificationRecord,
  { name: _name, ...own }: NotificationAction,
  planCursor: string | undefined,
): NotificationRecord {
  const { planCursor: _outer, actions: _all, fallback: _chain, category, ...rest } = record;
  return {
    ...rest,
    ...(category !== undefined && { category }),
    ...own,
    ...(planCursor !== undefined && { planCursor }),
  };
}

/** Tells of which message of the event each delivery is. */
export const ofAction = <T extends PlannedDelivery>(
  deliveries: readonly T[],
  action: NotificationAction | undefined,
): readonly T[] =>
  action ? deliveries.map((delivery) => ({ ...delivery, action: actionOf(action) })) : deliveries;

const actionOf = ({
  name,
  template,
  category,
}: NotificationAction): NonNullable<PlannedDelivery['action']> => ({
  name,
  template,
  ...(category !== undefined && { category }),
});
