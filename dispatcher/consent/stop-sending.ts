/**
 * Ends what is sent: an address is dead, or somebody wants no more. The two are kept apart: an address that works
 * again is not a consent, and who consents again does not make an address work.
 */
import { Counter } from 'prom-client';
import { metricsRegistry } from '../../platform/http/metrics.ts';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import type { NewSuppression, UsersService } from '../../subgraphs/users/index.ts';
import type { Receipt } from '../channels/contract.ts';

export type AddressVerdict = Exclude<NewSuppression['reason'], 'MANUAL' | 'UNSUBSCRIBED'>;

export const suppressionsTotal = new Counter({
  name: 'herald_suppressions_total',
  help: 'Times that an address was found to be dead, or complained. reason: BOUNCED, COMPLAINED, INVALID',
  labelNames: ['channel', 'reason'] as const,
  registers: [metricsRegistry],
});
export const consentsWithdrawnTotal = new Counter({
  name: 'herald_consents_withdrawn_total',
  help: 'Times that somebody unsubscribed. via: receipt (at the provider), link (RFC 8058)',
  labelNames: ['channel', 'via'] as const,
  registers: [metricsRegistry],
});

/** What a receipt leads to besides the end of its delivery. */
export type Consequence =
  | { readonly kind: 'suppress'; readonly reason: AddressVerdict }
  | { readonly kind: 'withdraw' };

/** Pure. A message that `failed` says nothing of its address: the next one may arrive. */
export function consequenceOf(kind: Receipt['kind']): Consequence | undefined {
  switch (kind) {
    case 'bounced':
      return { kind: 'suppress', reason: 'BOUNCED' };
    case 'complained':
      return { kind: 'suppress', reason: 'COMPLAINED' };
    case 'unsubscribed':
      return { kind: 'withdraw' };
    default:
      return undefined;
  }
}

type Ended = Pick<
  DeliveryRecord,
  '_id' | 'workspace' | 'channel' | 'user' | 'address' | 'category' | 'device'
>;

/** Idempotent. A device has no address of its own: it is removed from its user's devices. */
export async function suppressAddressOf(
  delivery: Ended,
  reason: AddressVerdict,
  account: string,
  users: Pick<UsersService, 'suppress'>,
): Promise<void> {
  const { workspace, channel, address } = delivery;
  if (address === undefined || channel === 'WEB_PUSH' || delivery.device) return;
  await users.suppress({ workspace, channel, address, reason, account, delivery: delivery._id });
  suppressionsTotal.inc({ channel, reason });
}

/**
 * Idempotent. The user's preference for channel and category; where there is no user (any more), a record of the
 * address. Of a delivery without a category all that comes on its channel ends: nothing narrower is known of it.
 */
export async function withdrawConsentOf(
  delivery: Ended,
  via: 'receipt' | 'link',
  account: string | undefined,
  users: Pick<UsersService, 'suppress' | 'withdrawConsent'>,
): Promise<void> {
  const { workspace, channel, user, address, category } = delivery;
  const what = { channel, ...(category !== undefined && { category }) };
  const done = user !== undefined && (await users.withdrawConsent(workspace, user, what));
  if (!done && address !== undefined && channel !== 'WEB_PUSH')
    await users.suppress({
      ...what,
      workspace,
      address,
      reason: 'UNSUBSCRIBED',
      delivery: delivery._id,
      ...(account !== undefined && { account }),
    });
  consentsWithdrawnTotal.inc({ channel, via });
}
