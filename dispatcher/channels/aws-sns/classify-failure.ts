/**
 * What SNS's errors mean: those of Publish (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors)
 * and those of every API of AWS (https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html).
 */
import type { SendOutcome } from '../contract.ts';
import { notUnderstood, outcomeOfStatus } from '../network/vendor-http.ts';

export interface SnsFailure {
  /** Of the SDK's error, such as `EndpointDisabledException`. */
  readonly name: string;
  /** SNS's own words. They repeat what was sent: only looked at, never told. */
  readonly message: string;
  /** HTTP's; absent when no answer was had. */
  readonly status?: number | undefined;
}

const CREDENTIALS: readonly string[] = [
  'AccessDenied',
  'AuthorizationError',
  'CredentialsProviderError',
  'ExpiredToken',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'MissingAuthenticationToken',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'UnrecognizedClient',
];
const SETUP: readonly string[] = [
  'InvalidAction',
  'KMSAccessDenied',
  'KMSDisabled',
  'KMSInvalidState',
  'KMSNotFound',
  'KMSOptInRequired',
  'PlatformApplicationDisabled',
  'UnknownOperation',
];
const WAIT: readonly string[] = [
  'KMSThrottling',
  'RequestLimitExceeded',
  'Throttled',
  'Throttling',
  'TooManyRequests',
];
const LATER: readonly string[] = ['InternalError', 'InternalFailure', 'ServiceUnavailable'];

/** The outcome of an attempt that the SDK threw at. */
export function classifySnsFailure({ name, message, status }: SnsFailure): SendOutcome {
  if (status !== undefined && status < 300) return notUnderstood('SNS', status);
  const error = name.replace(/Exception$/, '');
  if (CREDENTIALS.includes(error))
    return {
      kind: 'permanent',
      code: 'CHANNEL_UNAUTHORIZED',
      message: `SNS does not take the credentials, or they may not publish (${error}).`,
    };
  if (SETUP.includes(error))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: `SNS is not set up for this message (${error}).`,
    };
  if (WAIT.includes(error)) return { kind: 'rateLimited', message: `SNS asks to wait (${error}).` };
  if (LATER.includes(error))
    return {
      kind: 'retryable',
      code: 'CHANNEL_PROVIDER_UNAVAILABLE',
      message: `SNS could not take the message (${error}).`,
      mayHaveSent: false,
    };
  switch (error) {
    // "The request was aborted before a reply was sent back."
    case 'RequestAborted':
      return notUnderstood('SNS', status);
    // The device's token is no longer good (https://docs.aws.amazon.com/sns/latest/dg/mobile-push-api-error.html).
    case 'EndpointDisabled':
    case 'NotFound':
    case 'ResourceNotFound':
      return gone(error);
    case 'OptedOut':
      return {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_REJECTED',
        message: 'The recipient has opted out (OptedOut).',
        about: 'recipient',
      };
    case 'InvalidParameter':
    case 'InvalidParameterValue':
    case 'ParameterValueInvalid':
    case 'Validation':
    case 'ValidationError':
      return invalidParameter(error, message);
  }
  if (status === undefined)
    return {
      kind: 'permanent',
      code: 'CHANNEL_INTERNAL',
      message: 'The request to SNS could not be built.',
    };
  return outcomeOfStatus('SNS', { status }, /^[A-Za-z]{1,60}$/.test(error) ? error : undefined);
}

/** `Invalid parameter: <name> Reason: <words>`, where a name and a reason are all that tells the cases apart. */
function invalidParameter(error: string, message: string): SendOutcome {
  if (/no endpoint found|endpoint does not exist/i.test(message)) return gone(error);
  if (/PhoneNumber Reason/i.test(message))
    return {
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
      message: `SNS cannot write to this number (${error}).`,
    };
  if (/too long|too large/i.test(message))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
      message: `The message is too large for SNS (${error}).`,
    };
  return {
    kind: 'permanent',
    code: 'CHANNEL_MESSAGE_REJECTED',
    message: `SNS refused the message (${error}).`,
  };
}

const gone = (error: string): SendOutcome => ({
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_GONE',
  message: `The device can no longer be reached (${error}).`,
});
