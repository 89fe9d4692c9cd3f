/**
 * Who has the inbox open gets a message there at once, and a push only if it was not read for a while: their push
 * messages become the second step of a fallback chain that begins with the inbox.
 */
import type { PlannedDelivery, PlanPage } from '../../subgraphs/notifications/index.ts';
import type { FallbackStep } from '../../subgraphs/templates/index.ts';
import type { ChainedDelivery } from './fallback-chains.ts';
import type { StepOfChain } from './plan.ts';

/** Who is online. */
export interface Presence {
  /** Never rejects. */
  online(workspace: string, users: Iterable<string>): Promise<ReadonlySet<string>>;
}

export interface UnseenRule {
  readonly presence: Presence;
  /** How long a message may lie in an open inbox. */
  readonly afterSeconds: number;
}

const INBOX: FallbackStep = { channels: ['IN_APP'], unless: 'SENT' };

/** @returns the pages themselves where nobody gets both. Asks once for each workspace. */
export async function onlyIfUnseen(
  pages: readonly PlanPage[],
  { presence, afterSeconds }: UnseenRule,
): Promise<readonly PlanPage[]> {
  const candidates = new Map<PlanPage, ReadonlySet<string>>();
  for (const page of pages) {
    const users = usersWithBoth(page);
    if (users) candidates.set(page, users);
  }
  if (candidates.size === 0) return pages;
  const online = new Map<string, ReadonlySet<string>>();
  const byWorkspace = Map.groupBy(candidates, ([{ notification }]) => notification.workspace);
  await Promise.all(
    [...byWorkspace].map(async ([workspace, group]) => {
      const users = group.flatMap(([, own]) => [...own]);
      online.set(workspace, await presence.online(workspace, users));
    }),
  );
  return pages.map((page) => {
    const both = candidates.get(page);
    const present = online.get(page.notification.workspace);
    return both && present ? withSteps(page, both, present, afterSeconds) : page;
  });
}

/** Pure. Those who get it in the inbox and as a push; undefined where there is nobody. Urgent messages do not wait. */
function usersWithBoth({ notification, deliveries }: PlanPage): ReadonlySet<string> | undefined {
  if (notification.priority === 'HIGH' || notification.fallback || deliveries.length < 2) return undefined;
  const inInbox = new Set<string>();
  for (const delivery of deliveries)
    if (delivery.channel === 'IN_APP' && isSent(delivery) && delivery.user !== undefined)
      inInbox.add(delivery.user);
  if (inInbox.size === 0) return undefined;
  const both = new Set<string>();
  for (const delivery of deliveries)
    if (isPush(delivery) && isSent(delivery) && delivery.user !== undefined && inInbox.has(delivery.user))
      both.add(delivery.user);
  return both.size > 0 ? both : undefined;
}

/** Pure. */
function withSteps(
  page: PlanPage,
  both: ReadonlySet<string>,
  present: ReadonlySet<string>,
  afterSeconds: number,
): PlanPage {
  const push: FallbackStep = { channels: ['WEB_PUSH', 'MOBILE_PUSH'], afterSeconds, unless: 'OPENED' };
  const deliveries = page.deliveries.map((delivery): ChainedDelivery => {
    const { user, channel } = delivery;
    if (user === undefined || !both.has(user) || !present.has(user) || !isSent(delivery)) return delivery;
    if (channel !== 'IN_APP' && !isPush(delivery)) return delivery;
    const [index, step] = channel === 'IN_APP' ? [0, INBOX] : [1, push];
    const chained: StepOfChain = { of: `user ${user}`, index, step };
    return { ...delivery, chained };
  });
  return { ...page, deliveries };
}

const isPush = ({ channel }: PlannedDelivery): boolean => channel === 'WEB_PUSH' || channel === 'MOBILE_PUSH';
const isSent = ({ skipReason, renderError }: PlannedDelivery): boolean =>
  skipReason === undefined && renderError === undefined;
