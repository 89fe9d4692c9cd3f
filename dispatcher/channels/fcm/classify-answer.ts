/**
 * What FCM's refusals mean. The SDK's codes: https://firebase.google.com/docs/cloud-messaging/admin/errors; those of
 * the API behind it, several of which the SDK puts under one of its own:
 * https://firebase.google.com/docs/cloud-messaging/error-codes. How the SDK maps the ones to the others:
 * https://github.com/firebase/firebase-admin-node/blob/main/src/messaging/error.ts.
 */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { notUnderstood, outcomeOfStatus } from '../network/vendor-http.ts';

export const FCM = 'FCM';

/** A refusal, as far as it decides the outcome. No text of it: it may repeat what was sent. */
export interface FcmRefusal {
  /** The SDK's code without `messaging/`. */
  readonly code: string;
  /** HTTP status; absent where the SDK itself refused the message. */
  readonly status?: number;
  /** `errorCode` of FCM's own detail; absent where Google refused the call before FCM saw it. */
  readonly fcmCode?: string;
  /** What was not valid in it. */
  readonly invalid?: 'token' | 'size';
  /** A quota of this one device or topic is used up. */
  readonly targetQuota?: true;
  readonly retryAfterMs?: number;
}

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode: "a minimum initial delay of 1 minute". */
const DEFAULT_WAIT_MS = 60_000;

/** Whether the access token was refused, so that another one may help. A key of APNs that is wrong is 401 too. */
export const refusesAccessToken = ({ status, fcmCode }: FcmRefusal): boolean =>
  status === 401 && fcmCode === undefined;

export function classifyFcmRefusal(refusal: FcmRefusal): SendOutcome {
  const { code, status, fcmCode, invalid, retryAfterMs } = refusal;
  const said = `(${[status, fcmCode ?? code].filter((part) => part !== undefined).join(', ')})`;
  switch (code) {
    case 'registration-token-not-registered':
      // UNREGISTERED (404). NOT_FOUND without FCM's detail is a project or a path that there is not.
      return fcmCode === 'UNREGISTERED'
        ? gone(said)
        : {
            kind: 'permanent',
            code: 'CHANNEL_MISCONFIGURED',
            message: `FCM does not know the project ${said}.`,
          };
    // Of an app that is addressed by its installation (UNREGISTERED_FID): "Remove this installation ID".
    case 'installation-id-not-registered':
      return gone(said);
    case 'invalid-registration-token':
      return notAToken(said);
    case 'invalid-argument':
      // INVALID_ARGUMENT (400) is a wrong token, a message that is too large, or anything else in the message.
      if (invalid === 'token') return notAToken(said);
      if (invalid === 'size') return tooLarge(said);
      return rejected(said);
    case 'payload-size-limit-exceeded':
      return tooLarge(said);
    case 'invalid-payload':
    case 'invalid-data-payload-key':
    case 'invalid-options':
    case 'invalid-package-name':
    case 'invalid-recipient':
      return rejected(said);
    case 'mismatched-credential':
      // SENDER_ID_MISMATCH (403): the token was made for another project. PERMISSION_DENIED alone: nothing may be sent.
      return {
        kind: 'permanent',
        code: 'CHANNEL_UNAUTHORIZED',
        message:
          fcmCode === 'SENDER_ID_MISMATCH'
            ? `The registration token belongs to another Firebase project ${said}.`
            : `The service account may not send for the project ${said}.`,
        ...(fcmCode === 'SENDER_ID_MISMATCH' && { about: 'recipient' }),
      };
    case 'third-party-auth-error':
      // THIRD_PARTY_AUTH_ERROR (401): the APNs key or the web push key in the Firebase project.
      if (fcmCode !== undefined)
        return {
          kind: 'permanent',
          code: 'CHANNEL_MISCONFIGURED',
          message: `The APNs key or web push key in the Firebase project is missing or wrong ${said}.`,
          // Devices of other kinds are still reached.
          about: 'recipient',
        };
      return unauthorized(said);
    case 'authentication-error':
      return unauthorized(said);
    case 'message-rate-exceeded':
      // QUOTA_EXCEEDED (429): of the project, of a device or of a topic.
      if (refusal.targetQuota) return targetLimited(said);
      return {
        kind: 'rateLimited',
        message: `FCM asks to wait ${said}.`,
        retryAfterMs: retryAfterMs ?? DEFAULT_WAIT_MS,
      };
    case 'device-message-rate-exceeded':
    case 'topics-message-rate-exceeded':
      return targetLimited(said);
    default:
      // server-unavailable (503), internal-error (500), unknown-error, and what later versions add.
      return status === undefined || status < 400
        ? notUnderstood(FCM, status)
        : outcomeOfStatus(
            FCM,
            { status, ...(retryAfterMs !== undefined && { retryAfterMs }) },
            fcmCode ?? code,
          );
  }
}

const gone = (said: string): SendOutcome => ({
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_GONE',
  message: `The app is no longer registered on that device ${said}.`,
});
const notAToken = (said: string): SendOutcome => ({
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message: `The address is not a registration token of FCM ${said}.`,
});
const rejected = (said: string): SendOutcome => ({
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_REJECTED',
  message: `FCM refused the message ${said}.`,
});
const tooLarge = (said: string): SendOutcome => ({
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_TOO_LARGE',
  message: `The message is too large for FCM ${said}.`,
});
const unauthorized = (said: string): SendOutcome => ({
  kind: 'permanent',
  code: 'CHANNEL_UNAUTHORIZED',
  message: `FCM does not take the credentials ${said}.`,
});

const targetLimited = (said: string): SendOutcome => ({
  kind: 'retryable',
  code: 'CHANNEL_RATE_LIMITED',
  message: `Too many messages to this device or topic ${said}.`,
  mayHaveSent: false,
  about: 'recipient',
});

const answer = z.object({
  error: z.object({
    message: z.string().optional(),
    details: z
      .array(
        z.looseObject({
          errorCode: z
            .string()
            .regex(/^[A-Z_]{1,60}$/)
            .optional()
            .catch(undefined),
          fieldViolations: z
            .array(z.object({ field: z.string().optional() }))
            .optional()
            .catch(undefined),
          // google.rpc.QuotaFailure
          violations: z
            .array(z.object({ subject: z.string().optional(), description: z.string().optional() }))
            .optional()
            .catch(undefined),
        }),
      )
      .optional()
      .catch(undefined),
  }),
});
const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

/** Reads the body of an answer (its JSON), in the form of the error-codes page. */
export function readFcmError(body: unknown): Pick<FcmRefusal, 'fcmCode' | 'invalid' | 'targetQuota'> {
  const parsed = answer.safeParse(body);
  if (!parsed.success) return {};
  const { message = '', details = [] } = parsed.data.error;
  const fcmCode = details.find((detail) => detail['@type'] === FCM_ERROR)?.errorCode;
  const fields = details.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }) => field));
  // FCM has no code of its own for these two (firebase/firebase-admin-java#1064): its sentences are what tells.
  const token = fields.includes('message.token') || /registration token/i.test(message);
  const quotas = details.flatMap(({ violations = [] }) => violations);
  const targetQuota = quotas.some((quota) =>
    /\b(device|topic)/i.test(`${quota.subject} ${quota.description}`),
  );
  const size = /too (big|large)/i.test(message);
  return {
    ...(fcmCode !== undefined && { fcmCode }),
    ...(token ? { invalid: 'token' as const } : size && { invalid: 'size' as const }),
    ...(targetQuota && { targetQuota }),
  };
}
