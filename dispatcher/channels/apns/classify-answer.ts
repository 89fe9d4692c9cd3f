/** What APNs' answers mean: https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, outcomeOfStatus } from '../network/vendor-http.ts';

export const APNS = 'APNs';

export interface ApnsAnswer {
  readonly status: number;
  /** The error string of the answer. */
  readonly reason?: string;
  /** The `apns-id` header. */
  readonly id?: string;
  readonly retryAfterMs?: number;
}

const body = z.object({ reason: z.string().regex(/^[A-Za-z]{1,60}$/) });

/** The error string in the body of an answer. */
export const reasonOf = (text: string): string | undefined => jsonOf(text, body)?.reason;

/** Whether the provider token was refused for its age, so that another one helps. */
export const refusesToken = ({ status, reason }: ApnsAnswer): boolean =>
  status === 403 && reason === 'ExpiredProviderToken';

/** Whether APNs took the credentials and judged the device: all that can be known without a device. */
export const takesCredentials = ({ status, reason }: ApnsAnswer): boolean =>
  status === 200 || status === 410 || reason === 'BadDeviceToken' || reason === 'DeviceTokenNotForTopic';

export function classifyApnsAnswer(answer: ApnsAnswer): SendOutcome {
  const { status, reason, id } = answer;
  if (status === 200) return { kind: 'accepted', ...(id !== undefined && { providerMessageId: id }) };
  const said = `(${[status, reason].filter((part) => part !== undefined).join(', ')})`;
  switch (reason) {
    case 'BadDeviceToken':
    case 'MissingDeviceToken':
      return {
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
        message: `APNs knows no such device token: it is wrong, or of the other environment (sandbox, production) ${said}.`,
      };
    case 'Unregistered':
    case 'ExpiredToken':
      return gone(said);
    case 'DeviceTokenNotForTopic':
      return {
        kind: 'permanent',
        code: 'CHANNEL_MISCONFIGURED',
        message: `The device token belongs to another app than the account's bundle id ${said}.`,
        about: 'recipient',
      };
    case 'BadTopic':
    case 'MissingTopic':
    case 'TopicDisallowed':
      return misconfigured(`APNs does not take the bundle id ${said}.`);
    case 'BadPath':
    case 'MethodNotAllowed':
      return misconfigured(`The API address is not that of APNs ${said}.`);
    case 'BadCertificate':
    case 'BadCertificateEnvironment':
    case 'ExpiredProviderToken':
    case 'Forbidden':
    case 'InvalidProviderToken':
    case 'MissingProviderToken':
    case 'UnrelatedKeyIdInToken':
    case 'BadEnvironmentKeyIdInToken':
    // What APNs says in truth (https://github.com/kylebrowning/APNSwift/pull/229).
    case 'BadEnvironmentKeyInToken':
      return {
        kind: 'permanent',
        code: 'CHANNEL_UNAUTHORIZED',
        message: `APNs does not take the key, its id or the team id ${said}.`,
      };
    case 'PayloadTooLarge':
      return {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_TOO_LARGE',
        message: `The message is too large for APNs ${said}.`,
      };
    case 'TooManyRequests':
      // "Too many requests were made consecutively to the same device token": others are not concerned.
      return {
        kind: 'retryable',
        code: 'CHANNEL_RATE_LIMITED',
        message: `Too many messages to this device ${said}.`,
        mayHaveSent: false,
        about: 'recipient',
      };
    case 'IdleTimeout':
    case 'Shutdown':
      return {
        kind: 'retryable',
        code: 'CHANNEL_PROVIDER_UNAVAILABLE',
        message: `The connection to APNs is ending ${said}.`,
        mayHaveSent: false,
      };
    default:
      // BadCollapseId, BadExpirationDate, BadMessageId, BadPriority, DuplicateHeaders, InvalidPushType, PayloadEmpty;
      // TooManyProviderTokenUpdates; InternalServerError, ServiceUnavailable; and what comes to be.
      return status === 410 ? gone(said) : outcomeOfStatus(APNS, answer, reason);
  }
}

const gone = (said: string): SendOutcome => ({
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_GONE',
  message: `The app is no longer on that device ${said}.`,
});
const misconfigured = (message: string): SendOutcome => ({
  kind: 'permanent',
  code: 'CHANNEL_MISCONFIGURED',
  message,
});
