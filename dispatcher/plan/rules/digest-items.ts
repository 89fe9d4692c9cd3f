/** What of a notification is collected for digests instead of being sent. Pure. */
import { hash } from 'node:crypto';
import { nextLocalTime } from '../../../platform/local-time/local-time.ts';
import {
  type DigestRule,
  deliveryId,
  type NotificationRecord,
  type PlannedDigestItem,
  type PlanPage,
} from '../../../subgraphs/notifications/index.ts';
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
  const rule = notification.rules?.digest;
  if (!rule) return [];
  const dueIn = new Map<string, Date>();
  const dueAt = (timezone: string): Date => {
    const known = dueIn.get(timezone) ?? digestDueAt(rule, timezone, now);
    dueIn.set(timezone, known);
    return known;
  };
  return partiesOf(notification, deliveries).map((party) => {
    const user = party.to.find((entry) => entry.user !== undefined)?.user;
    return {
      series: seriesOf(notification, party),
      to: party.to,
      dueAt: dueAt((user === undefined ? undefined : timezoneOf(user)) ?? 'UTC'),
      maxItems: rule.maxItems ?? MAX_ITEMS,
      deliveries: party.deliveries.map((delivery) => deliveryId(notification, delivery)),
    };
  });
}

/** When a digest that begins now is made. */
export const digestDueAt = (rule: DigestRule, timezone: string, now: Date): Date =>
  'at' in rule ? nextLocalTime(rule.at, timezone, now) : new Date(now.getTime() + rule.windowSeconds * 1_000);

/** What is sent to the same one in the same way, about the same key: it comes into the same digest. */
function seriesOf(record: NotificationRecord, party: Party): string {
  const { workspace, app, event, template, content, channels, fallback, category, priority, rules } = record;
  const parts = [
    workspace,
    app,
    event,
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
