/**
 * What a push service's answer means: RFC 8030 (https://www.rfc-editor.org/rfc/rfc8030#section-5), and what the services
 * document beyond it: Mozilla (https://github.com/mozilla-services/autopush-rs/blob/master/docs/src/errors.md), Microsoft
 * (https://learn.microsoft.com/windows/apps/design/shell/tiles-and-notifications/push-request-response-headers).
 */
import type { SendOutcome } from '../contract.ts';
import type { HttpAnswer } from '../network/http-sender.ts';

/** The outcome for a push service's answer. The body of the answer is not looked at. */
export function classifyPushAnswer({ status, retryAfterMs, location }: HttpAnswer): SendOutcome {
  // 201 by RFC 8030; some services answer 200 or 202. `location` is the message's own resource.
  if (status >= 200 && status < 300)
    return {
      kind: 'accepted',
      ...(location !== undefined && location.length <= 1_000 && { providerMessageId: location }),
    };
  switch (status) {
    case 404:
    case 410:
      return {
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_GONE',
        message: `The push service no longer knows the subscription (${status}).`,
      };
    case 400:
      return {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_REJECTED',
        message: 'The push service refused the request as malformed (400).',
      };
    case 401:
    case 403:
      return {
        kind: 'permanent',
        code: 'CHANNEL_UNAUTHORIZED',
        message: `The push service refused Herald's VAPID key (${status}): the subscription was made with another one, or VAPID_SUBJECT is wrong.`,
        // Other subscriptions at the same service may be of the key in use.
        about: 'recipient',
      };
    case 413:
      return {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_TOO_LARGE',
        message: 'The message is too large for the push service (413).',
      };
    // 406: Microsoft's "The cloud service exceeded its throttle limit."
    case 406:
    case 429:
      return {
        kind: 'rateLimited',
        message: `The push service asks to wait (${status}).`,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
    case 408:
    case 425:
      return unavailable(status);
    default:
  }
  if (status >= 500) {
    // 503 with Retry-After: the service says when it takes messages again.
    if (retryAfterMs !== undefined)
      return { kind: 'rateLimited', message: `The push service asks to wait (${status}).`, retryAfterMs };
    return unavailable(status);
  }
  if (status >= 400)
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: `The push service refused the message (${status}).`,
    };
  return {
    kind: 'permanent',
    code: 'CHANNEL_UNEXPECTED_ANSWER',
    message: `The push service answered ${status}, which is no answer to a push message; redirects are not followed.`,
  };
}

const unavailable = (status: number): SendOutcome => ({
  kind: 'retryable',
  code: 'CHANNEL_PROVIDER_UNAVAILABLE',
  message: `The push service is unavailable (${status}).`,
  // A gateway that gave up on the service behind it: nobody knows what that one did.
  mayHaveSent: status === 502 || status === 504,
});
