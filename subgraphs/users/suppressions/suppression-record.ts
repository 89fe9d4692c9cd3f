/** Addresses that are not written to. A dead address and a withdrawn consent are records apart: either stops. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { normalAddress } from '../addresses/normal-address.ts';

/**
 * UNSUBSCRIBED is the withdrawn consent of somebody who is no user here, of a category or of all; users have
 * preferences. The others are said of the address, one of them at a time.
 */
export const SUPPRESSION_REASONS = ['BOUNCED', 'COMPLAINED', 'INVALID', 'MANUAL', 'UNSUBSCRIBED'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** Something to be said of an address. */
export interface NewSuppression {
  readonly workspace: string;
  readonly channel: Channel;
  readonly address: string;
  readonly reason: SuppressionReason;
  /** UNSUBSCRIBED: of this category alone. */
  readonly category?: string;
  /** The provider account that said so. */
  readonly account?: string;
  /** The delivery that it was said of. */
  readonly delivery?: string;
  /** The operator who said so. */
  readonly by?: string;
}

/** As stored. */
export interface SuppressionDocument extends NewSuppression {
  /** `key`, and which of the records of this address it is. */
  readonly _id: string;
  /** Workspace, channel and address: what sending asks by. */
  readonly key: string;
  /** In its one spelling. */
  readonly address: string;
  readonly at: Date;
  /** Workspace, time and `_id`: the order of pages. */
  readonly sortKey: string;
}

/** Pure. @param address in its one spelling. */
export const suppressionKey = (workspace: string, channel: Channel, address: string): string =>
  `${workspace}|${channel}|${address}`;

/** Pure. The address itself, or one consent of whoever has it: no address holds a space. */
export const suppressionId = (key: string, what: 'address' | { readonly category?: string }): string =>
  what === 'address' ? `${key} address` : `${key} consent ${what.category ?? ''}`;

/** Pure. */
export function suppressionDocument(entry: NewSuppression, at: Date): SuppressionDocument {
  const { workspace, channel, reason } = entry;
  const address = normalAddress(channel, entry.address);
  const key = suppressionKey(workspace, channel, address);
  const _id = suppressionId(key, reason === 'UNSUBSCRIBED' ? entry : 'address');
  return { ...entry, _id, key, address, at, sortKey: `${workspace}|${at.toISOString()}|${_id}` };
}

/** Why an address gets nothing, or not everything. */
export interface AddressStops {
  /** It is dead, complained, or an operator said so. */
  readonly suppressed: boolean;
  /** Categories that its owner does not want; undefined among them: none at all. */
  readonly unwanted: readonly (string | undefined)[];
}

/** Pure. @param records all of one address, at least one. */
export const stopsOf = (
  records: readonly Pick<SuppressionDocument, 'reason' | 'category'>[],
): AddressStops => ({
  suppressed: records.some(({ reason }) => reason !== 'UNSUBSCRIBED'),
  unwanted: records.flatMap(({ reason, category }) => (reason === 'UNSUBSCRIBED' ? [category] : [])),
});
