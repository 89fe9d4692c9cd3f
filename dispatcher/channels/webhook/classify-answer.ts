/** What a webhook receiver's answer means, as Standard Webhooks recommends. */
import type { SendOutcome } from '../contract.ts';
import type { HttpAnswer } from '../network/http-sender.ts';

/** The outcome for a receiver's answer. The body of the answer is not looked at. */
export function classifyWebhookAnswer({ status, retryAfterMs }: HttpAnswer): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 410)
    return {
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_GONE',
      message: 'The receiver wants no more messages (410).',
    };
  if (status === 429 || ((status === 503 || status === 425) && retryAfterMs !== undefined))
    return {
      kind: 'rateLimited',
      message: `The receiver asks to wait (${status}).`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  if (status === 408 || status === 425 || status >= 500)
    return {
      kind: 'retryable',
      code: 'CHANNEL_PROVIDER_UNAVAILABLE',
      message: `The receiver could not take the message (${status}).`,
      // A gateway that gave up on the receiver behind it: nobody knows what that one did.
      mayHaveSent: status === 502 || status === 504,
    };
  if (status === 401 || status === 403)
    return {
      kind: 'permanent',
      code: 'CHANNEL_UNAUTHORIZED',
      message: `The receiver refused the signature or the caller (${status}).`,
      // Another path of the same host may be somebody else's, with another secret.
      about: 'recipient',
    };
  if (status === 413)
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
      message: 'The message is too large for the receiver (413).',
    };
  if (status >= 400)
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: `The receiver refused the message (${status}).`,
    };
  return {
    kind: 'permanent',
    code: 'CHANNEL_UNEXPECTED_ANSWER',
    message: `The receiver answered ${status}; redirects are not followed.`,
  };
}
