/** Takes out of plans what goes to addresses that get nothing. One question for a group of plans. */
import type { SkipReason } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord, PlannedDelivery, PlanPage } from '../../subgraphs/notifications/index.ts';
import type { AddressStops, UsersService } from '../../subgraphs/users/index.ts';

/**
 * `pages` with a SKIPPED delivery for each address that is suppressed, or whose owner does not want the category.
 * @param failures takes, by notification, why the addresses could not be looked up: those pages are left out.
 */
export async function withoutStopped(
  pages: readonly PlanPage[],
  users: Pick<UsersService, 'suppressedOf'>,
  failures: Map<string, unknown>,
): Promise<readonly PlanPage[]> {
  const byWorkspace = Map.groupBy(pages, ({ notification }) => notification.workspace);
  const checked = await Promise.all(
    [...byWorkspace].map(async ([workspace, group]) => {
      const addressed = group
        .flatMap(({ deliveries }) => deliveries.filter(isStoppable))
        .filter(({ skipReason }) => skipReason === undefined);
      if (addressed.length === 0) return group;
      try {
        const stops = await users.suppressedOf(workspace, addressed);
        return stops.some((stop) => stop) ? applyStops(group, addressed, stops) : group;
      } catch (error) {
        for (const { notification } of group) failures.set(notification._id, error);
        return [];
      }
    }),
  );
  return checked.flat();
}

/** Pure. @param stops of `addressed`, in their order. */
export function applyStops(
  pages: readonly PlanPage[],
  addressed: readonly PlannedDelivery[],
  stops: readonly (AddressStops | undefined)[],
): PlanPage[] {
  const byDelivery = new Map(addressed.map((delivery, index) => [delivery, stops[index]]));
  return pages.map((page) => ({
    ...page,
    deliveries: page.deliveries.map((delivery) => {
      const { category = page.notification.category } = delivery.action ?? {};
      const { otp } = page.notification;
      const reason = stopReason(byDelivery.get(delivery), {
        ...(category !== undefined && { category }),
        otp,
      });
      return reason === undefined ? delivery : skipped(delivery, reason);
    }),
  }));
}

/** Pure. What is said of the address goes first: no consent makes a dead one good. */
export function stopReason(
  stops: AddressStops | undefined,
  { category, otp }: { readonly category?: string; readonly otp?: unknown },
): SkipReason | undefined {
  if (!stops) return undefined;
  if (stops.suppressed) return 'SUPPRESSED';
  // A code is what its recipient has asked for.
  if (otp) return undefined;
  // Without a category a message is of none: only who wants nothing at all does not get it.
  const unwanted = stops.unwanted.some((one) => one === undefined || one === category);
  return unwanted ? 'UNSUBSCRIBED' : undefined;
}

/** Devices come and go with their user: one that is registered again is good again. */
export const isStoppable = <T extends Pick<DeliveryRecord, 'address' | 'channel' | 'device'>>(
  delivery: T,
): delivery is T & { readonly address: string } =>
  delivery.address !== undefined && delivery.channel !== 'WEB_PUSH' && !delivery.device;

/** Without words; its place in a fallback chain goes with it. */
export const skipped = (
  { content: _words, renderError: _error, device: _device, ...delivery }: PlannedDelivery,
  skipReason: SkipReason,
): PlannedDelivery => ({ ...delivery, skipReason });
