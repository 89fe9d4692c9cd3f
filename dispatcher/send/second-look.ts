/**
 * Whether what was planned a while ago may still be sent: its recipient may have unsubscribed, signed the device off or
 * complained since then, or have other quiet hours.
 */
import type { SkipReason } from '../../platform/graphql/contract-enums.ts';
import type { LateDelivery, LookAgain, SecondLook } from '../../subgraphs/notifications/index.ts';
import type { AddressStops, Recipient, UsersService } from '../../subgraphs/users/index.ts';
import { isAllowed } from '../plan/plan.ts';
import { respectedHours } from '../plan/rules/respected-hours.ts';
import { isStoppable, stopReason } from '../plan/stopped-addresses.ts';

/** Asks users and addresses as planning does, each once for a group of deliveries. */
export function lookAgainAt(users: Pick<UsersService, 'recipients' | 'suppressedOf'>): LookAgain {
  return async (late) => {
    const looks = new Map<LateDelivery, SecondLook>();
    const byWorkspace = Map.groupBy(late, ({ delivery }) => delivery.workspace);
    await Promise.all(
      [...byWorkspace].map(async ([workspace, own]) => {
        const ids = new Set(own.flatMap(({ delivery }) => delivery.user ?? []));
        const addressed = own.map(({ delivery }) => delivery).filter(isStoppable);
        const [people, stops] = await Promise.all([
          ids.size > 0 ? users.recipients(workspace, [...ids]) : new Map<string, Recipient>(),
          addressed.length > 0 ? users.suppressedOf(workspace, addressed) : [],
        ]);
        const stopsOf = new Map(addressed.map((delivery, index) => [delivery._id, stops[index]]));
        for (const one of own) {
          const { _id, user } = one.delivery;
          looks.set(
            one,
            secondLook(one, user === undefined ? undefined : people.get(user), stopsOf.get(_id)),
          );
        }
      }),
    );
    return late.map((one) => looks.get(one) ?? {});
  };
}

/** Pure. @param recipient the delivery's user; undefined where there is none, or none any more. */
export function secondLook(
  { delivery, category, quietHours }: LateDelivery,
  recipient: Recipient | undefined,
  stops: AddressStops | undefined,
): SecondLook {
  const { channel, priority, otp } = delivery;
  const quiet = respectedHours(recipient, { channel, priority, rule: quietHours });
  const skip =
    ofUser(delivery, category, recipient) ??
    stopReason(stops, { ...(category !== undefined && { category }), otp });
  return { ...(skip && { skip }), ...(quiet && { quiet }) };
}

/** What its user has to do with it. An address that the profile no longer has stays the one that was meant. */
function ofUser(
  { user, channel, device, otp }: LateDelivery['delivery'],
  category: string | undefined,
  recipient: Recipient | undefined,
): SkipReason | undefined {
  if (user === undefined) return undefined;
  if (!recipient) return 'NO_ADDRESS';
  // No preference speaks against what one has asked for.
  if (otp === undefined && !isAllowed(recipient.preferences, category, channel)) return 'UNSUBSCRIBED';
  return device && !recipient.devices.some(({ id }) => id === device.id) ? 'NO_ADDRESS' : undefined;
}
