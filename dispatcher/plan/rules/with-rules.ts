/**
 * What the rules of a route do to the plans of its notifications: of several of an event only the first (`once`), no
 * more than so many for a recipient (`throttle`), instead of one for each a digest, and nothing that disturbs somebody in quiet hours. The latter also
 * holds for notifications without a route.
 */
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { quietUntil } from '../../../platform/quiet-hours/quiet-hours.ts';
import type {
  CountedMessage,
  NotificationRecord,
  OnceClaim,
  PlannedDelivery,
  PlanPage,
  RouteRules,
  RuleStore,
} from '../../../subgraphs/notifications/index.ts';
import type { Recipient } from '../../../subgraphs/users/index.ts';
import { actOf } from '../actions.ts';
import { skipped } from '../stopped-addresses.ts';
import { collectItems, isCollected } from './digest-items.ts';
import { maySend, type Party, partiesOf } from './recipients.ts';
import { respectedHours } from './respected-hours.ts';
import { countOutcome } from './rule-metrics.ts';

/** Users by workspace and id. */
export type People = ReadonlyMap<string, ReadonlyMap<string, Recipient>>;

export interface RuleDeps {
  readonly rules: RuleStore;
  readonly people: People;
}

/** Whether rules have anything to say to one of them. Most groups of plans have none: they pay for this look alone. */
export function concernRules(pages: readonly PlanPage[], people: People): boolean {
  for (const { notification, deliveries } of pages) {
    if (rulesOf(notification)) return true;
    if (notification.priority === 'HIGH') continue;
    const known = people.get(notification.workspace);
    if (!known) continue;
    for (const { user } of deliveries)
      if (user !== undefined && known.get(user)?.quietHours !== undefined) return true;
  }
  return false;
}

/** @param failures takes, by notification, why its rules could not be asked: those pages are left out. */
export async function withRules(
  pages: readonly PlanPage[],
  deps: RuleDeps,
  failures: Map<string, unknown>,
): Promise<readonly PlanPage[]> {
  const first = await onlyFirst(pages, deps.rules, failures);
  const now = sharedDate();
  const single = first.map((page) => collected(page, deps.people, now));
  const few = await notTooMany(single, deps.rules, failures);
  return few.map((page) => inQuietHours(page, deps.people, now));
}

/** A person decided about a replay already. */
const rulesOf = ({ rules, resend }: NotificationRecord): RouteRules | undefined =>
  resend === undefined ? rules : undefined;

async function onlyFirst(
  pages: readonly PlanPage[],
  rules: RuleStore,
  failures: Map<string, unknown>,
): Promise<readonly PlanPage[]> {
  const claims = pages.flatMap(claimOf);
  if (claims.length === 0) return pages;
  const concerned = new Set(claims.map(({ notification }) => notification));
  const lost = await asked(() => rules.claimOnce(claims), concerned, failures);
  if (!lost) return pages.filter(({ notification }) => !concerned.has(notification._id));
  countOutcome('once', 'passed', concerned.size - lost.size);
  countOutcome('once', 'skipped', lost.size);
  return pages.map((page) => {
    const sent = lost.get(page.notification._id);
    if (sent === undefined) return page;
    return mapped(page, (delivery) =>
      maySend(delivery) ? { ...skipped(delivery, 'ALREADY_SENT'), skippedFor: sent } : delivery,
    );
  });
}

/** Of a page with nothing to send none: the next notification is the first then. */
function claimOf({ notification, deliveries }: PlanPage): OnceClaim[] {
  const { once, key = '' } = rulesOf(notification) ?? {};
  if (!once || !deliveries.some(maySend)) return [];
  const { _id, workspace, event = '', createdAt } = notification;
  return [
    {
      notification: _id,
      workspace,
      event,
      key,
      acceptedAt: createdAt,
      windowSeconds: once.windowSeconds,
    },
  ];
}

function collected(page: PlanPage, people: People, now: Date): PlanPage {
  const { notification } = page;
  if (!isCollected(notification)) return page;
  const known = people.get(notification.workspace);
  const digestItems = collectItems(page, (user) => known?.get(user)?.timezone, now);
  countOutcome('digest', 'collected', digestItems.length);
  const collecting = mapped(page, (delivery) =>
    maySend(delivery) ? skipped(delivery, 'DIGESTED') : delivery,
  );
  return { ...collecting, digestItems };
}

async function notTooMany(
  pages: readonly PlanPage[],
  rules: RuleStore,
  failures: Map<string, unknown>,
): Promise<readonly PlanPage[]> {
  const wanted = pages.flatMap((page) => countedOf(page).map((counted) => ({ page, ...counted })));
  if (wanted.length === 0) return pages;
  const concerned = new Set(wanted.map(({ message }) => message.notification));
  const allowed = await asked(
    () => rules.countMessages(wanted.map(({ message }) => message)),
    concerned,
    failures,
  );
  if (!allowed) return pages.filter(({ notification }) => !concerned.has(notification._id));
  const refused = new Set(wanted.flatMap(({ party }, index) => (allowed[index] ? [] : party.deliveries)));
  const passed = allowed.filter(Boolean).length;
  countOutcome('throttle', 'passed', passed);
  countOutcome('throttle', 'skipped', allowed.length - passed);
  if (refused.size === 0) return pages;
  return pages.map((page) =>
    mapped(page, (delivery) => (refused.has(delivery) ? skipped(delivery, 'FREQUENCY_CAP') : delivery)),
  );
}

function countedOf({ notification, deliveries }: PlanPage): { message: CountedMessage; party: Party }[] {
  const { throttle } = rulesOf(notification) ?? {};
  if (!throttle) return [];
  const { _id, workspace, event = '', dueAt } = notification;
  return partiesOf(actOf(notification).record, deliveries).map((party) => ({
    party,
    message: { notification: _id, workspace, event, recipient: party.id, at: dueAt, ...throttle },
  }));
}

/**
 * Deliveries that disturb get their user's quiet hours along: whoever attempts them, now or as a later step of a
 * chain or after a failure, goes by them. Here it is only decided that nothing is attempted before they are stored.
 */
function inQuietHours(page: PlanPage, people: People, now: Date): PlanPage {
  const { notification } = page;
  const { priority } = notification;
  const rule = notification.rules?.quietHours;
  const known = people.get(notification.workspace);
  if (!known) return page;
  return mapped(page, (delivery) => {
    const { user, channel } = delivery;
    if (user === undefined || !maySend(delivery)) return delivery;
    const hours = respectedHours(known.get(user), { channel, priority, rule });
    if (!hours) return delivery;
    const isQuiet = quietUntil(hours, undefined, now) !== undefined;
    countOutcome('quietHours', isQuiet ? (hours.skip ? 'skipped' : 'held') : 'passed');
    return { ...delivery, quiet: hours, ...(isQuiet && { held: true as const }) };
  });
}

const mapped = (page: PlanPage, change: (delivery: PlannedDelivery) => PlannedDelivery): PlanPage => ({
  ...page,
  deliveries: page.deliveries.map(change),
});

/** Undefined when there was no answer, which `failures` tells of each of them. */
async function asked<T>(
  question: () => Promise<T>,
  notifications: ReadonlySet<string>,
  failures: Map<string, unknown>,
): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    for (const id of notifications) failures.set(id, error);
    return undefined;
  }
}
