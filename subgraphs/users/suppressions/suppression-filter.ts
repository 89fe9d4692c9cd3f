/** Which suppressions a page shows. */
import { CHANNELS, type Channel } from '../../../platform/graphql/contract-enums.ts';
import { normalAddress } from '../addresses/normal-address.ts';
import { type SuppressionReason, suppressionKey } from './suppression-record.ts';

/** `SuppressionFilter` of the graph, nulls taken out. */
export interface SuppressionFilter {
  readonly channel?: readonly Channel[];
  readonly reason?: readonly SuppressionReason[];
  /** However it is written. */
  readonly address?: string;
  readonly account?: string;
}

/** Pure. Beside it goes the range of the page. */
export function mongoFilterOf(
  workspace: string,
  { channel, reason, address, account }: SuppressionFilter,
): {
  key?: { $in: string[] };
  channel?: { $in: Channel[] };
  reason?: { $in: SuppressionReason[] };
  account?: string;
} {
  return {
    ...(address !== undefined && {
      key: {
        $in: (channel ?? CHANNELS).map((one) => suppressionKey(workspace, one, normalAddress(one, address))),
      },
    }),
    ...(channel && { channel: { $in: [...channel] } }),
    ...(reason && { reason: { $in: [...reason] } }),
    ...(account !== undefined && { account }),
  };
}
