/**
 * What an error of SendEmail means.
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
 * https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html (texts)
 */
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { notUnderstood, outcomeOfStatus } from '../network/vendor-http.ts';

const NAME = 'Amazon SES';

export interface SesFailure {
  /** The error's type, such as `MessageRejected`. */
  readonly name: string;
  /** Of the answer. */
  readonly status?: number | undefined;
  /** SES's text: read here, and not passed on. */
  readonly text: string;
  readonly retryAfterMs?: number | undefined;
}

type Row = readonly [code: ChannelErrorCode, message: string];
const UNAUTHORIZED: Row = ['CHANNEL_UNAUTHORIZED', 'does not take the credentials'];

const PERMANENT: Readonly<Record<string, Row>> = {
  AccountSuspendedException: ['CHANNEL_UNAUTHORIZED', 'has ended sending for the account'],
  SendingPausedException: ['CHANNEL_UNAUTHORIZED', 'has paused sending for the account or configuration set'],
  MailFromDomainNotVerifiedException: ['CHANNEL_MISCONFIGURED', 'finds the MAIL FROM domain not verified'],
  NotFoundException: ['CHANNEL_MISCONFIGURED', 'does not know the template or configuration set'],
  MessageRejected: ['CHANNEL_MESSAGE_REJECTED', 'refused the message'],
  BadRequestException: ['CHANNEL_MESSAGE_REJECTED', 'refused the message'],
  ValidationException: ['CHANNEL_MESSAGE_REJECTED', 'refused the message'],
  ValidationError: ['CHANNEL_MESSAGE_REJECTED', 'refused the message'],
  // Common errors.
  AccessDenied: ['CHANNEL_UNAUTHORIZED', 'does not let these credentials send (ses:SendEmail)'],
  AccessDeniedException: ['CHANNEL_UNAUTHORIZED', 'does not let these credentials send (ses:SendEmail)'],
  ExpiredToken: UNAUTHORIZED,
  ExpiredTokenException: UNAUTHORIZED,
  IncompleteSignature: UNAUTHORIZED,
  InvalidClientTokenId: UNAUTHORIZED,
  InvalidSignatureException: UNAUTHORIZED,
  MissingAuthenticationToken: UNAUTHORIZED,
  MissingAuthenticationTokenException: UNAUTHORIZED,
  NotAuthorized: UNAUTHORIZED,
  OptInRequired: ['CHANNEL_UNAUTHORIZED', 'is not switched on for the account'],
  SignatureDoesNotMatch: UNAUTHORIZED,
  UnrecognizedClientException: UNAUTHORIZED,
  CredentialsProviderError: ['CHANNEL_UNAUTHORIZED', 'needs credentials, and there are none on this machine'],
  RequestExpired: ['CHANNEL_MISCONFIGURED', "refuses this machine's time"],
  RequestTimeTooSkewed: ['CHANNEL_MISCONFIGURED', "refuses this machine's time"],
  UnknownOperationException: ['CHANNEL_MISCONFIGURED', 'is not at this API address'],
};

const RATE_LIMITED = [
  'TooManyRequestsException',
  'LimitExceededException',
  'Throttling',
  'ThrottlingException',
];

/** Texts of a BadRequestException about the address, from the list of email sending errors. */
const ABOUT_ADDRESS =
  /missing final '@domain'|illegal address|(domain|local address) (contains|starts|ends)|invalid (email|domain name)/i;
/** Of a MessageRejected: in the sandbox, also for recipients. */
const NOT_VERIFIED = /not verified/i;

/** The outcome of an attempt that ended with this failure. */
export function classifySesFailure({ name, status, text, retryAfterMs }: SesFailure): SendOutcome {
  if (RATE_LIMITED.includes(name) || status === 429)
    return {
      kind: 'rateLimited',
      message: `${NAME} asks to wait (the account's sending rate or daily quota).`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  if ((name === 'BadRequestException' || name === 'ValidationException') && ABOUT_ADDRESS.test(text))
    return {
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
      message: `${NAME} does not take the address for an e-mail address (${name}).`,
    };
  if (name === 'MessageRejected' && NOT_VERIFIED.test(text))
    return {
      kind: 'permanent',
      code: 'CHANNEL_MISCONFIGURED',
      message: `${NAME} sends only from verified identities, and in its sandbox only to such (${name}).`,
    };
  // "The request was aborted before a reply was sent back."
  if (name === 'RequestAbortedException') return notUnderstood(NAME, status);
  const row = Object.hasOwn(PERMANENT, name) ? PERMANENT[name] : undefined;
  if (row) return { kind: 'permanent', code: row[0], message: `${NAME} ${row[1]} (${name}).` };
  return status === undefined ? notUnderstood(NAME) : outcomeOfStatus(NAME, { status });
}
