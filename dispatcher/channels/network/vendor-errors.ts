/** Rows of vendors' error tables: what an error code means for the attempt, in words. */
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';

/** An outcome whose `message` goes on after the vendor's name, without a full stop: "refuses the credentials". */
export type VendorRule = Exclude<SendOutcome, { kind: 'accepted' }>;

const permanent = (code: ChannelErrorCode, message: string): VendorRule => ({
  kind: 'permanent',
  code,
  message,
});

/** The credentials, or their rights: counts against the account. */
export const unauthorized = (says = 'does not take the credentials'): VendorRule =>
  permanent('CHANNEL_UNAUTHORIZED', says);
/** Something of the account's configuration. */
export const misconfigured = (says: string): VendorRule => permanent('CHANNEL_MISCONFIGURED', says);
/** Something of the message. */
export const rejected = (says = 'refused the message'): VendorRule =>
  permanent('CHANNEL_MESSAGE_REJECTED', says);
export const tooLarge = (says = 'finds the message too large'): VendorRule =>
  permanent('CHANNEL_MESSAGE_TOO_LARGE', says);
/** This recipient does not get messages, and others do. */
export const notForRecipient = (
  says: string,
  code: ChannelErrorCode = 'CHANNEL_MESSAGE_REJECTED',
): VendorRule => ({ kind: 'permanent', code, message: says, about: 'recipient' });
/** There is no such address. */
export const addressInvalid = (says = 'knows no such recipient'): VendorRule => ({
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message: says,
});
/** The address has been one. */
export const addressGone = (says: string): VendorRule => ({
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_GONE',
  message: says,
});
export const limited = (says = 'asks to wait', retryAfterMs?: number): VendorRule => ({
  kind: 'rateLimited',
  message: says,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
/** The vendor could not: nothing was sent. */
export const unavailable = (says = 'could not take the message'): VendorRule => ({
  kind: 'retryable',
  code: 'CHANNEL_PROVIDER_UNAVAILABLE',
  message: says,
  mayHaveSent: false,
});

/** The outcome for people: `WeCom knows no such recipient (60111).` */
export const outcomeOfRule = (name: string, code: string | number, rule: VendorRule): SendOutcome => ({
  ...rule,
  message: `${name} ${rule.message} (${code}).`,
});

/** An address that cannot be one of the channel, found before anything was sent. */
export const malformedAddress = (message: string): SendOutcome => ({
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message,
});

/** A message that is longer than the vendor takes, found before anything was sent. */
export const tooLong = (name: string, limit: string): SendOutcome => ({
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_TOO_LARGE',
  message: `The message is longer than ${name} takes (${limit}).`,
});
