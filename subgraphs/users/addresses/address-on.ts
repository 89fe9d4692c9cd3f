/** Where a person is reached on a channel. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { Recipient } from '../contract.ts';

/** An address kept for the channel goes before the profile's. Browsers are devices: they are not looked at. Pure. */
export function addressOn(
  recipient: Pick<Recipient, 'addresses' | 'email' | 'phone'>,
  channel: Channel,
): string | undefined {
  const own = recipient.addresses.find((a) => a.channel === channel)?.address;
  if (own !== undefined) return own;
  if (channel === 'EMAIL') return recipient.email;
  if (channel === 'SMS' || channel === 'VOICE' || channel === 'WHATSAPP') return recipient.phone;
  return undefined;
}
