/**
 * What an answer of Mailchimp Transactional (Mandrill) to sending one message means.
 * https://mailchimp.com/developer/transactional/api/messages/send-new-message/ (answers, errors)
 * https://mailchimp.com/developer/transactional/docs/error-glossary/
 * https://github.com/mailchimp/mailchimp-client-lib-codegen/blob/main/spec/transactional.openapi.json (all of them)
 */
import { z } from 'zod';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'Mailchimp Transactional';
const results = z.tuple([
  z.object({
    status: z.string(),
    _id: z.string().max(200).optional(),
    reject_reason: z.string().nullish(),
  }),
]);
const failure = z.object({ status: z.literal('error'), name: z.string() });

const permanent = (code: ChannelErrorCode, message: string, about?: 'recipient'): SendOutcome => ({
  kind: 'permanent',
  code,
  message: `${NAME} ${message}.`,
  ...(about && { about }),
});
const invalid = (code: ChannelErrorCode, message: string): SendOutcome => ({
  kind: 'invalidRecipient',
  code,
  message: `${NAME} ${message}.`,
});

/** `reject_reason` of a message with the status `rejected`. */
const REJECTED: Readonly<Record<string, SendOutcome>> = {
  'hard-bounce': invalid('CHANNEL_ADDRESS_GONE', 'knows the address to be dead (hard-bounce)'),
  invalid: invalid('CHANNEL_ADDRESS_INVALID', 'does not take the address for an e-mail address (invalid)'),
  'soft-bounce': permanent(
    'CHANNEL_MESSAGE_REJECTED',
    'had e-mails come back from the address (soft-bounce)',
    'recipient',
  ),
  spam: permanent('CHANNEL_MESSAGE_REJECTED', 'does not write to who complained (spam)', 'recipient'),
  unsub: permanent('CHANNEL_MESSAGE_REJECTED', 'does not write to who unsubscribed (unsub)', 'recipient'),
  custom: permanent('CHANNEL_MESSAGE_REJECTED', 'has the address on its denylist (custom)', 'recipient'),
  rule: permanent('CHANNEL_MESSAGE_REJECTED', "refused it by one of the account's rules (rule)", 'recipient'),
  'invalid-sender': permanent('CHANNEL_MISCONFIGURED', 'does not take the sender (invalid-sender)'),
  unsigned: permanent('CHANNEL_MISCONFIGURED', "finds the sender's domain not verified (unsigned)"),
  'test-mode-limit': permanent('CHANNEL_UNAUTHORIZED', 'takes no more test messages (test-mode-limit)'),
};

/** `name` of an error. Its status says nothing: a wrong key may be a 500. */
const ERRORS: Readonly<Record<string, SendOutcome>> = {
  Invalid_Key: permanent('CHANNEL_UNAUTHORIZED', 'does not take the API key (Invalid_Key)'),
  PaymentRequired: permanent('CHANNEL_UNAUTHORIZED', 'asks for a payment first (PaymentRequired)'),
  PoorReputation: permanent(
    'CHANNEL_UNAUTHORIZED',
    'stopped the account for its reputation (PoorReputation)',
  ),
  Unknown_Subaccount: permanent('CHANNEL_MISCONFIGURED', 'does not know the subaccount (Unknown_Subaccount)'),
  Unknown_Template: permanent(
    'CHANNEL_MESSAGE_REJECTED',
    'does not know the template (Unknown_Template)',
    'recipient',
  ),
  Invalid_Template: permanent(
    'CHANNEL_MESSAGE_REJECTED',
    'cannot use the template (Invalid_Template)',
    'recipient',
  ),
  ValidationError: permanent('CHANNEL_MESSAGE_REJECTED', 'refused the message (ValidationError)'),
};

export function classifyMandrillAnswer(answer: VendorAnswer): SendOutcome {
  const { status, text } = answer;
  if (status < 400) {
    const [result] = (status === 200 ? jsonOf(text, results) : undefined) ?? [];
    if (!result) return notUnderstood(NAME, status);
    switch (result.status) {
      case 'sent':
      case 'queued':
      case 'scheduled':
        return { kind: 'accepted', ...(result._id !== undefined && { providerMessageId: result._id }) };
      case 'invalid':
        return invalid(
          'CHANNEL_ADDRESS_INVALID',
          'does not take the address for an e-mail address (invalid)',
        );
      case 'rejected':
        return (
          own(REJECTED, result.reject_reason ?? '') ??
          permanent('CHANNEL_MESSAGE_REJECTED', 'refused the message', 'recipient')
        );
      default:
        return notUnderstood(NAME, status);
    }
  }
  const name = jsonOf(text, failure)?.name ?? '';
  if (name === 'RequestLimitExceeded') return outcomeOfStatus(NAME, { ...answer, status: 429 }, name);
  if (name === 'GeneralError' || name === 'ServiceUnavailable')
    return outcomeOfStatus(NAME, { status: 500 }, name);
  return own(ERRORS, name) ?? outcomeOfStatus(NAME, answer);
}

const own = (table: Readonly<Record<string, SendOutcome>>, key: string): SendOutcome | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
