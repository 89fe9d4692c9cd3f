/** What of a notification is collected for digests instead of being sent. Pure. */
import { hash } from 'node:crypto';
import { nextLocalTime } from '../../../platform/local-time/local-time.ts';
import {
  type DigestRule,
  type DigestSending,
  deliveryId,
  type NotificationRecord,
  type PlannedDigestItem,
  type PlanPage,
} from '../../../subgraphs/notifications/index.ts';
import { actOf } from '../actions.ts';
import { skipped } from '../stopped-addresses.ts';
import { type Party, partiesOf } from './recipients.ts';

const MAX_ITEMS = 1_000;

/** Whether it is collected; not what a digest, or a person who replays, sends. */
export const isCollected = ({
  rules,
  digestOf,
  resend,
}: Pick<NotificationRecord, 'rules' | 'digestOf' | 'resend'>): boolean =>
  rules?.digest !== undefined && digestOf === undefined && resend === undefined;

/** One for each recipient to whom something may be sent. @param timezoneOf where a user lives. */
export function collectItems(
  { notification, deliveries }: Pick<PlanPage, 'notification' | 'deliveries'>,
  timezoneOf: (user: string) => string | undefined,
  now: Date,
): PlannedDigestItem[] {
  const { record, action } = actOf(notification);
  const rule = record.rules?.digest;
  if (!rule) return [];
  const sendAs = sendingOf(record);
  const dueIn = new Map<string, Date>();
  const dueAt = (timezone: string): Date => {
    const known = dueIn.get(timezone) ?? digestDueAt(rule, timezone, now);
    dueIn.set(timezone, known);
    return known;
  };
  return partiesOf(record, deliveries).map((party) => {
    const user = party.to.find((entry) => entry.user !== undefined)?.user;
    return {
      series: seriesOf(record, action?.name, party),
      to: party.to,
      sendAs,
      dueAt: dueAt((user === undefined ? undefined : timezoneOf(user)) ?? 'UTC'),
      maxItems: Math.min(rule.maxItems ?? MAX_ITEMS, MAX_ITEMS),
      // As they are stored: their devices are part of their ids, and are not.
      deliveries: party.deliveries.map((delivery) => deliveryId(notification, skipped(delivery, 'DIGESTED'))),
    };
  });
}

/** When a digest that begins now is made. */
export const digestDueAt = (rule: DigestRule, timezone: string, now: Date): Date =>
  'at' in rule ? nextLocalTime(rule.at, timezone, now) : new Date(now.getTime() + rule.windowSeconds * 1_000);

/** @param record of the message that is collected. */
function sendingOf(record: NotificationRecord): DigestSending {
  const { routeVersion, template, content, channels, fallback, addressesAreOne, priority, category } = record;
  const { expiresAt, dueAt, rules } = record;
  return {
    channels,
    priority,
    ...(routeVersion !== undefined && { routeVersion }),
    ...(template !== undefined && { template }),
    ...(content && { content }),
    ...(fallback && { fallback }),
    ...(addressesAreOne && { addressesAreOne }),
    ...(category !== undefined && { category }),
    ...(rules?.quietHours && { quietHours: rules.quietHours }),
    ...(expiresAt && { expiresInMs: expiresAt.getTime() - dueAt.getTime() }),
  };
}

/** What is sent to the same one in the same way, about the same key: it comes into the same digest. */
function seriesOf(record: NotificationRecord, action: string | undefined, party: Party): string {
  const { workspace, app, event, template, content, channels, fallback, category, priority, rules } = record;
  const parts = [
    workspace,
    app,
    event,
    action,
    rules?.key,
    party.id,
    template,
    content,
    channels,
    fallback,
    category,
    priority,
  ];
  return hash('sha256', JSON.stringify(parts.map((part) => part ?? null)), 'base64url');
}
