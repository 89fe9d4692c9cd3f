/** Phone numbers as addresses, in the form of E.164: `+491701234567`. */
import type { SendOutcome } from '../contract.ts';

/** Whether `address` is a phone number with its country code. Whether somebody has it, only a provider knows. */
export const isPhoneNumber = (address: string): boolean => /^\+[1-9]\d{6,14}$/.test(address);

/** For an address that is no phone number. */
export const NO_PHONE_NUMBER: SendOutcome = {
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message: 'The address is not a phone number with its country code, such as +491701234567.',
};
