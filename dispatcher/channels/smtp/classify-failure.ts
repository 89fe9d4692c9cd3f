/** What a failed SMTP conversation means for the message: RFC 5321 reply codes, RFC 3463 enhanced status codes. */
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';

export interface SmtpFailure {
  /** nodemailer's code, for example `ECONNECTION`. */
  readonly code: string;
  /** The command that failed, for example `RCPT TO`. */
  readonly command?: string;
  /** The server's answer, when it gave one, without secrets. */
  readonly reply?: string;
  /** The end of the message had been written to the server, so that it may have taken it. */
  readonly messageLeft: boolean;
}

interface Rule {
  readonly kind: 'permanent' | 'invalidRecipient';
  readonly code: ChannelErrorCode;
}
const rule = (kind: Rule['kind'], code: ChannelErrorCode): Rule => ({ kind, code });

const INVALID = rule('invalidRecipient', 'CHANNEL_ADDRESS_INVALID');
const GONE = rule('invalidRecipient', 'CHANNEL_ADDRESS_GONE');
const REJECTED = rule('permanent', 'CHANNEL_MESSAGE_REJECTED');
const TOO_LARGE = rule('permanent', 'CHANNEL_MESSAGE_TOO_LARGE');
const MISCONFIGURED = rule('permanent', 'CHANNEL_MISCONFIGURED');
const UNAUTHORIZED = rule('permanent', 'CHANNEL_UNAUTHORIZED');

/**
 * 5.x.y by RFC 3463, RFC 7505 (5.1.10) and the registry
 * (https://www.iana.org/assignments/smtp-enhanced-status-codes/smtp-enhanced-status-codes.xml); `5.x` stands for
 * the rest of a subject.
 */
const BY_ENHANCED_CODE: Readonly<Record<string, Rule>> = {
  '5.1.1': GONE,
  '5.1.6': GONE,
  '5.1.7': MISCONFIGURED,
  '5.1.8': MISCONFIGURED,
  '5.1.10': GONE,
  '5.1': INVALID,
  '5.2.1': GONE,
  '5.2.3': TOO_LARGE,
  '5.2': REJECTED,
  '5.3.4': TOO_LARGE,
  // A loop between servers.
  '5.4.6': REJECTED,
  '5.7.8': UNAUTHORIZED,
  '5.7.9': UNAUTHORIZED,
  '5.7': REJECTED,
};

/** Bare 5yz replies that say different things about different commands. */
const BY_COMMAND: Readonly<Record<string, Readonly<Record<number, Rule>>>> = {
  'RCPT TO': { 501: INVALID, 550: INVALID, 551: INVALID, 553: INVALID, 556: INVALID, 552: REJECTED },
  'MAIL FROM': { 501: MISCONFIGURED, 550: MISCONFIGURED, 553: MISCONFIGURED, 552: TOO_LARGE },
  DATA: { 552: TOO_LARGE },
};
/** Replies of RFC 4954 that say the same about every command. */
const AUTHENTICATION_REPLIES: readonly number[] = [530, 534, 535, 538];

/** The outcome of an attempt that ended with this failure. */
export function classifySmtpFailure(failure: SmtpFailure): SendOutcome {
  const reply = failure.reply?.match(/^([2-5]\d\d)[ -]/);
  return reply ? fromReply(Number(reply[1]), failure) : fromConnection(failure);
}

function fromReply(replyCode: number, failure: SmtpFailure): SendOutcome {
  const { command = '', reply = '' } = failure;
  const enhanced = reply.match(/^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/)?.[1];
  const message = `The mail server answered ${command || 'the connection'} with: ${reply}`;
  if (replyCode < 400)
    return {
      kind: 'retryable',
      code: 'CHANNEL_UNEXPECTED_ANSWER',
      message,
      mayHaveSent: failure.messageLeft,
    };
  // 4.7.28 and 5.7.28: mail flood detected (IANA registry).
  if (replyCode < 500 && enhanced === '4.7.28') return { kind: 'rateLimited', message };
  // 503 speaks of the session's state, and a refused greeting or EHLO of the connection: neither of the message.
  if (replyCode < 500 || replyCode === 503 || /^(CONN|EHLO|HELO|STARTTLS)?$/.test(command))
    return {
      kind: 'retryable',
      code: 'CHANNEL_PROVIDER_UNAVAILABLE',
      message,
      mayHaveSent: false,
      // A mailbox that is busy or full, a greylist: other recipients' mail goes through. 421 closes the connection.
      ...(command === 'RCPT TO' && replyCode !== 421 && replyCode !== 503 && { about: 'recipient' }),
    };
  if (failure.code === 'EAUTH' || AUTHENTICATION_REPLIES.includes(replyCode))
    return { ...UNAUTHORIZED, message };
  const found =
    (enhanced &&
      (BY_ENHANCED_CODE[enhanced] ?? BY_ENHANCED_CODE[enhanced.slice(0, enhanced.lastIndexOf('.'))])) ||
    BY_COMMAND[command]?.[replyCode] ||
    REJECTED;
  // Of the sender's address, whatever the code says of addresses: the recipient has not been named yet.
  if (command === 'MAIL FROM' && found.kind === 'invalidRecipient') return { ...MISCONFIGURED, message };
  return { ...found, message };
}

/** nodemailer's codes for what is no answer of the server. */
function fromConnection({ code, messageLeft }: SmtpFailure): SendOutcome {
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
    case 'EOAUTH2':
      return { ...UNAUTHORIZED, message: 'The mail server and Herald found no way to log in.' };
    case 'ECONFIG':
      return { ...MISCONFIGURED, message: 'The configuration of the mail server is wrong.' };
    case 'EENVELOPE':
      return { ...INVALID, message: 'The address is not an e-mail address.' };
    case 'EPROTOCOL':
    case 'EMESSAGE':
      return {
        kind: 'retryable',
        code: 'CHANNEL_UNEXPECTED_ANSWER',
        message: 'The mail server answered with something that is not SMTP.',
        mayHaveSent: messageLeft,
      };
    case 'ETIMEDOUT':
      return {
        kind: 'retryable',
        code: 'CHANNEL_TIMEOUT',
        message: 'The mail server did not answer in time.',
        mayHaveSent: messageLeft,
      };
    case 'ETLS':
      return {
        kind: 'retryable',
        code: 'CHANNEL_CONNECTION_FAILED',
        message: 'No secure connection to the mail server could be made (its certificate, or STARTTLS).',
        mayHaveSent: messageLeft,
      };
    case 'ECONNECTION':
    case 'ESOCKET':
    case 'EDNS':
    case 'EPROXY':
      return {
        kind: 'retryable',
        code: 'CHANNEL_CONNECTION_FAILED',
        message: messageLeft
          ? 'The mail server closed the connection without confirming the message.'
          : `The mail server could not be reached (${code}).`,
        mayHaveSent: messageLeft,
      };
    default:
      return {
        kind: 'retryable',
        code: 'CHANNEL_INTERNAL',
        message: `The e-mail could not be sent (${code || 'unknown error'}).`,
        mayHaveSent: messageLeft,
      };
  }
}
