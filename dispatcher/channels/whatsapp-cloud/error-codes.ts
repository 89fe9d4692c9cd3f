/**
 * Error codes of the Cloud API, of answers and of receipts
 * (https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes).
 */
import type { SendOutcome } from '../contract.ts';

export type ErrorMeaning =
  | 'unauthorized'
  | 'misconfigured'
  | 'wait'
  | 'waitForRecipient'
  | 'down'
  | 'unreachable'
  | 'tooLarge'
  | 'rejected';

/** By which a recipient has ended the marketing messages of the business. */
export const STOPPED_BY_RECIPIENT = 131050;

const CODES: Readonly<Record<number, readonly [ErrorMeaning, string]>> = {
  0: ['unauthorized', 'the access token is not valid'],
  3: ['unauthorized', 'the access token lacks a permission'],
  10: ['unauthorized', 'the access token lacks a permission'],
  104: ['unauthorized', 'there is no access token'],
  190: ['unauthorized', 'the access token has expired'],
  368: ['unauthorized', 'the account is blocked for a violation of policies'],
  131005: ['unauthorized', 'the access token lacks a permission'],
  131031: ['unauthorized', 'the account is locked'],
  33: ['misconfigured', 'the phone number ID is not valid'],
  131037: ['misconfigured', "the number's display name is not approved"],
  131042: ['misconfigured', 'the account has an open matter of payment'],
  131045: ['misconfigured', 'the phone number is not registered'],
  134011: ['misconfigured', 'the terms of WhatsApp Payments are not agreed to'],
  133010: ['misconfigured', 'the phone number is not registered'],
  4: ['wait', 'too many calls of the app'],
  80007: ['wait', 'too many calls of the account'],
  130429: ['wait', 'too many messages at once'],
  131048: ['wait', 'too many messages were blocked or reported as spam'],
  131064: ['wait', 'too many templates of the account were in a wrong category'],
  132069: ['wait', 'the flow is throttled'],
  131056: ['waitForRecipient', 'too many messages to this recipient at once'],
  1: ['down', 'an unknown error'],
  2: ['down', 'the service is overloaded'],
  131000: ['down', 'an unknown error'],
  131016: ['down', 'the service is unavailable'],
  131057: ['down', 'the account is in maintenance'],
  133004: ['down', 'the server is unavailable'],
  134101: ['down', 'the template is still being set up'],
  2494100: ['down', 'the phone number is in maintenance'],
  130403: ['unreachable', 'the account has blocked the recipient'],
  131026: ['unreachable', 'the number is not on WhatsApp, or cannot be reached there'],
  131047: ['unreachable', 'more than 24 hours since the recipient wrote: only a template can be sent'],
  131049: ['unreachable', 'Meta keeps the number of marketing messages low'],
  [STOPPED_BY_RECIPIENT]: ['unreachable', 'the recipient wants no marketing messages'],
  130472: ['unreachable', 'the recipient is part of an experiment of Meta'],
  130497: ['unreachable', "the account may not write to the recipient's country"],
  131021: ['unreachable', 'the recipient is the sender'],
  132005: ['tooLarge', 'the text of the template is too long'],
  100: ['rejected', 'a field of the request is not valid'],
  131008: ['rejected', 'a field is missing'],
  131009: ['rejected', 'a value is not valid'],
  131051: ['rejected', 'a kind of message that is not supported'],
  131052: ['rejected', 'the media could not be downloaded'],
  131053: ['rejected', 'the media could not be uploaded'],
  131055: ['rejected', 'this API takes only marketing templates'],
  131063: ['rejected', 'marketing templates are switched off for the account'],
  132000: ['rejected', 'the number of values is not that of the template'],
  132001: ['rejected', 'there is no such template in this language, or it is not approved'],
  132007: ['rejected', "the template's content violates a policy"],
  132012: ['rejected', "a value has not the template's format"],
  132015: ['rejected', 'the template is paused for low quality'],
  132016: ['rejected', 'the template is disabled for low quality'],
  132018: ['rejected', 'a value does not fit the template'],
  132068: ['rejected', 'the flow is blocked'],
  134100: ['rejected', 'this API takes only marketing templates'],
  134102: ['rejected', 'the template cannot be used'],
  135000: ['rejected', 'the request is not what WhatsApp takes'],
};

/** @returns undefined for a code that Meta does not document. */
export function meaningOf(
  code: number,
): { readonly meaning: ErrorMeaning; readonly words: string } | undefined {
  if (code >= 200 && code <= 299)
    return { meaning: 'unauthorized', words: 'the access token lacks a permission' };
  const known = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  return known && { meaning: known[0], words: known[1] };
}

/** The outcome of an attempt that was refused with a code; undefined for one that Meta does not document. */
export function outcomeOfCode(code: number, retryAfterMs: number | undefined): SendOutcome | undefined {
  const known = meaningOf(code);
  if (!known) return undefined;
  const message = `WhatsApp: ${known.words} (${code}).`;
  switch (known.meaning) {
    case 'unauthorized':
      return { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', message };
    case 'misconfigured':
      return { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED', message };
    case 'wait':
      return { kind: 'rateLimited', message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    case 'waitForRecipient':
      return {
        kind: 'retryable',
        code: 'CHANNEL_RATE_LIMITED',
        message,
        mayHaveSent: false,
        about: 'recipient',
      };
    case 'down':
      return { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', message, mayHaveSent: false };
    case 'unreachable':
      return { kind: 'permanent', code: 'CHANNEL_ADDRESS_NOT_ALLOWED', message, about: 'recipient' };
    case 'tooLarge':
      return { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE', message };
    case 'rejected':
      return { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message, about: 'recipient' };
  }
}
