/** Which deliveries of a page are one person's. Pure. */
import type {
  NotificationRecord,
  PlannedDelivery,
  RecipientEntry,
} from '../../../subgraphs/notifications/index.ts';

/** Whose deliveries rules look at together: a user, an address, or the addresses of one person. */
export interface Party {
  /** The same for the same one in every notification of a workspace. */
  readonly id: string;
  readonly to: readonly RecipientEntry[];
  readonly deliveries: readonly PlannedDelivery[];
}

/** Of deliveries that may be sent. */
export function partiesOf(
  record: Pick<NotificationRecord, 'to' | 'addressesAreOne'>,
  deliveries: readonly PlannedDelivery[],
): Party[] {
  const addresses = record.to.filter((entry) => entry.address !== undefined);
  const toOf = (delivery: PlannedDelivery): readonly RecipientEntry[] => {
    const { user, channel, address } = delivery;
    if (user !== undefined) return [{ user }];
    if (record.addressesAreOne) return addresses;
    return [{ channel, ...(address !== undefined && { address }) }];
  };
  const parties = new Map<string, { to: readonly RecipientEntry[]; deliveries: PlannedDelivery[] }>();
  for (const delivery of deliveries.filter(maySend)) {
    const to = toOf(delivery);
    const id = JSON.stringify(to.map(({ user, channel, address }) => user ?? [channel, address]));
    const party = parties.get(id);
    if (party) party.deliveries.push(delivery);
    else parties.set(id, { to, deliveries: [delivery] });
  }
  return [...parties].map(([id, party]) => ({ id, ...party }));
}

export const maySend = ({ skipReason, renderError }: PlannedDelivery): boolean =>
  skipReason === undefined && renderError === undefined;
