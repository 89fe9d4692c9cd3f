import { describe, expect, it } from 'vitest';
import { classifySnsFailure } from './classify-failure.ts';

const permanent = (code: string) => ({ kind: 'permanent', code });
const invalid = (code: 'CHANNEL_ADDRESS_INVALID' | 'CHANNEL_ADDRESS_GONE') => ({
  kind: 'invalidRecipient',
  code,
});
const later = { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false };

describe('classifySnsFailure', () => {
  it.each([
    ['EndpointDisabledException', 400, 'Endpoint is disabled', invalid('CHANNEL_ADDRESS_GONE')],
    ['NotFoundException', 404, 'Endpoint does not exist', invalid('CHANNEL_ADDRESS_GONE')],
    [
      'InvalidParameterException',
      400,
      'Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified',
      invalid('CHANNEL_ADDRESS_GONE'),
    ],
    [
      'InvalidParameterException',
      400,
      'Invalid parameter: PhoneNumber Reason: +1secret is not valid to publish to',
      invalid('CHANNEL_ADDRESS_INVALID'),
    ],
    [
      'InvalidParameterException',
      400,
      'Invalid parameter: Message too long',
      permanent('CHANNEL_MESSAGE_TOO_LARGE'),
    ],
    ['InvalidParameterException', 400, 'Invalid parameter: secret', permanent('CHANNEL_MESSAGE_REJECTED')],
    ['InvalidParameterValueException', 400, 'secret', permanent('CHANNEL_MESSAGE_REJECTED')],
    ['ValidationException', 400, 'secret', permanent('CHANNEL_MESSAGE_REJECTED')],
    [
      'ValidationException',
      400,
      'Invalid parameter: Message Reason: too long',
      permanent('CHANNEL_MESSAGE_TOO_LARGE'),
    ],
    ['ValidationError', 400, 'secret', permanent('CHANNEL_MESSAGE_REJECTED')],
    ['InvalidAction', 400, '', permanent('CHANNEL_MISCONFIGURED')],
    ['UnknownOperationException', 404, '', permanent('CHANNEL_MISCONFIGURED')],
    ['MalformedHttpRequestException', 400, '', permanent('CHANNEL_MESSAGE_REJECTED')],
    ['RequestEntityTooLargeException', 413, '', permanent('CHANNEL_MESSAGE_TOO_LARGE')],
    [
      'RequestAbortedException',
      400,
      '',
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
    ['RequestTimeoutException', 408, '', later],
    ['KMSInvalidStateException', 400, '', permanent('CHANNEL_MISCONFIGURED')],
    ['KMSNotFoundException', 400, '', permanent('CHANNEL_MISCONFIGURED')],
    ['KMSAccessDeniedException', 400, '', permanent('CHANNEL_MISCONFIGURED')],
    ['KMSOptInRequired', 403, '', permanent('CHANNEL_MISCONFIGURED')],
    ['AccessDeniedException', 403, 'secret', permanent('CHANNEL_UNAUTHORIZED')],
    ['NotAuthorized', 401, '', permanent('CHANNEL_UNAUTHORIZED')],
    ['OptInRequired', 403, '', permanent('CHANNEL_UNAUTHORIZED')],
    ['UnrecognizedClientException', 403, '', permanent('CHANNEL_UNAUTHORIZED')],
    ['OptedOutException', 400, 'secret', { ...permanent('CHANNEL_MESSAGE_REJECTED'), about: 'recipient' }],
    ['PlatformApplicationDisabledException', 400, '', permanent('CHANNEL_MISCONFIGURED')],
    ['KMSDisabledException', 400, '', permanent('CHANNEL_MISCONFIGURED')],
    ['AuthorizationErrorException', 403, 'User secret is not authorized', permanent('CHANNEL_UNAUTHORIZED')],
    ['InvalidSecurityException', 403, '', permanent('CHANNEL_UNAUTHORIZED')],
    ['InvalidClientTokenId', 403, '', permanent('CHANNEL_UNAUTHORIZED')],
    ['SignatureDoesNotMatch', 403, 'secret', permanent('CHANNEL_UNAUTHORIZED')],
    ['ExpiredTokenException', 403, '', permanent('CHANNEL_UNAUTHORIZED')],
    ['RequestExpired', 400, '', permanent('CHANNEL_UNAUTHORIZED')],
    ['CredentialsProviderError', undefined, 'secret', permanent('CHANNEL_UNAUTHORIZED')],
    ['ThrottledException', 429, '', { kind: 'rateLimited' }],
    ['Throttling', 400, '', { kind: 'rateLimited' }],
    ['KMSThrottlingException', 400, '', { kind: 'rateLimited' }],
    ['InternalErrorException', 500, '', later],
    ['ServiceUnavailable', 503, '', later],
    // Pages of load balancers, which the SDK finds no error in.
    ['Error', 503, 'XML parse error', later],
    ['Error', 504, 'XML parse error', { ...later, mayHaveSent: true }],
    ['Error', 429, 'XML parse error', { kind: 'rateLimited' }],
    [
      'Error',
      200,
      'XML parse error',
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
    ['SomethingNewException', 400, 'secret', permanent('CHANNEL_MESSAGE_REJECTED')],
    ['URIError', undefined, 'secret', permanent('CHANNEL_INTERNAL')],
  ] as const)('%s (%s, %s) → %j', (name, status, words, expected) => {
    const { message, ...outcome } = { message: '', ...classifySnsFailure({ name, status, message: words }) };
    expect(outcome).toEqual(expected);
    expect(message).toMatch(/\S/);
    expect(message).not.toContain('secret');
  });

  it('names the error, for people to look up', () => {
    expect(classifySnsFailure({ name: 'SomethingNewException', status: 400, message: '' })).toHaveProperty(
      'message',
      expect.stringContaining('SomethingNew'),
    );
  });
});
