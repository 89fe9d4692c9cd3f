import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifySmtpFailure } from './classify-failure.ts';

type Row = readonly [
  code: string,
  command: string,
  reply: string,
  kind: SendOutcome['kind'],
  error: ChannelErrorCode | undefined,
];

/** Answers of real servers, and the bare codes of RFC 5321. */
const ROWS: readonly Row[] = [
  [
    'EENVELOPE',
    'RCPT TO',
    '550 5.1.1 The email account that you tried to reach does not exist',
    'invalidRecipient',
    'CHANNEL_ADDRESS_GONE',
  ],
  ['EENVELOPE', 'RCPT TO', '550 No such user here', 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
  [
    'EENVELOPE',
    'RCPT TO',
    '551 User not local; please try <a@b.c>',
    'invalidRecipient',
    'CHANNEL_ADDRESS_INVALID',
  ],
  ['EENVELOPE', 'RCPT TO', '553 Mailbox name not allowed', 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
  [
    'EENVELOPE',
    'RCPT TO',
    '501 5.1.3 Bad recipient address syntax',
    'invalidRecipient',
    'CHANNEL_ADDRESS_INVALID',
  ],
  ['EENVELOPE', 'RCPT TO', '501 Syntax error in parameters', 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
  ['EENVELOPE', 'RCPT TO', '556 5.1.10 Domain takes no mail', 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
  ['EENVELOPE', 'RCPT TO', '550 5.1.2 Host not found', 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
  ['EENVELOPE', 'RCPT TO', '551 5.1.6 Mailbox has moved', 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
  ['EENVELOPE', 'RCPT TO', '550 5.2.1 The account is disabled', 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
  ['EMESSAGE', 'DATA', '550 5.1.1 Unknown user', 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
  ['EENVELOPE', 'RCPT TO', '552 5.2.2 Mailbox full', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EENVELOPE', 'RCPT TO', '552 Exceeded storage allocation', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EENVELOPE', 'RCPT TO', '550 5.7.1 Relaying denied', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EENVELOPE', 'RCPT TO', '554 5.7.1 Client host blocked', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EMESSAGE', 'DATA', '554 5.7.1 Spam', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EMESSAGE', 'DATA', '550 Content refused', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EMESSAGE', 'DATA', '554 Transaction failed', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  [
    'EENVELOPE',
    'MAIL FROM',
    '552 5.3.4 Message size exceeds fixed limit',
    'permanent',
    'CHANNEL_MESSAGE_TOO_LARGE',
  ],
  ['EENVELOPE', 'MAIL FROM', '552 Too much mail data', 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
  ['EMESSAGE', 'DATA', '552 Too much mail data', 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
  ['EENVELOPE', 'MAIL FROM', '550 5.1.7 Bad sender address', 'permanent', 'CHANNEL_MISCONFIGURED'],
  ['EENVELOPE', 'RCPT TO', '553 5.1.8 Sender domain not found', 'permanent', 'CHANNEL_MISCONFIGURED'],
  ['EENVELOPE', 'MAIL FROM', '550 Sender refused', 'permanent', 'CHANNEL_MISCONFIGURED'],
  ['EENVELOPE', 'MAIL FROM', '550 5.1.0 Sender rejected', 'permanent', 'CHANNEL_MISCONFIGURED'],
  ['EENVELOPE', 'MAIL FROM', '553 5.1.3 Invalid route address', 'permanent', 'CHANNEL_MISCONFIGURED'],
  ['EENVELOPE', 'MAIL FROM', '550 5.2.1 Mailbox is disabled', 'permanent', 'CHANNEL_MISCONFIGURED'],
  ['EENVELOPE', 'MAIL FROM', '550 5.1.1 No such sender', 'permanent', 'CHANNEL_MISCONFIGURED'],
  ['EENVELOPE', 'RCPT TO', '554 5.4.6 Routing loop detected', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EENVELOPE', 'RCPT TO', '550 5.4.6 Routing loop detected', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EENVELOPE', 'RCPT TO', '550 5.4.4 Unable to route', 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
  ['EENVELOPE', 'MAIL FROM', '530 5.7.0 Authentication Required', 'permanent', 'CHANNEL_UNAUTHORIZED'],
  ['EENVELOPE', 'MAIL FROM', '530 Authentication required', 'permanent', 'CHANNEL_UNAUTHORIZED'],
  [
    'EAUTH',
    'AUTH PLAIN',
    '535 5.7.8 Username and Password not accepted',
    'permanent',
    'CHANNEL_UNAUTHORIZED',
  ],
  [
    'EAUTH',
    'AUTH LOGIN',
    '534 5.7.9 Application-specific password required',
    'permanent',
    'CHANNEL_UNAUTHORIZED',
  ],
  ['EAUTH', 'AUTH PLAIN', '504 Unrecognized authentication type', 'permanent', 'CHANNEL_UNAUTHORIZED'],
  [
    'EAUTH',
    'AUTH PLAIN',
    '454 4.7.0 Temporary authentication failure',
    'retryable',
    'CHANNEL_PROVIDER_UNAVAILABLE',
  ],
  ['EENVELOPE', 'RCPT TO', '450 4.2.1 Mailbox busy', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
  ['EENVELOPE', 'RCPT TO', '451 4.7.1 Greylisted, try again', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
  ['EMESSAGE', 'DATA', '452 4.3.1 Insufficient system storage', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
  ['EENVELOPE', 'RCPT TO', '421 4.3.2 Shutting down', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
  ['EENVELOPE', 'DATA', '503 Bad sequence of commands', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
  ['EPROTOCOL', 'CONN', '554 No SMTP service here', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
  ['EPROTOCOL', 'EHLO', '521 Host does not accept mail', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
  ['EMESSAGE', 'DATA', '421 4.7.28 Unusual rate of mail', 'rateLimited', undefined],
  ['EMESSAGE', 'DATA', '354 Go ahead', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ['EPROTOCOL', 'CONN', 'HTTP/1.1 400 Bad Request', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ['EENVELOPE', 'RCPT TO', '555 RCPT TO parameters not recognized', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ['EENVELOPE', 'RCPT TO', '500 Unrecognized command', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
];

describe('classifySmtpFailure', () => {
  it.each(ROWS)('%s %s "%s" → %s %s', (code, command, reply, kind, error) => {
    const outcome = classifySmtpFailure({ code, command, reply, messageLeft: false });
    expect(outcome.kind).toBe(kind);
    if (error !== undefined) expect(outcome).toHaveProperty('code', error);
    if (kind === 'retryable') expect(outcome).toHaveProperty('mayHaveSent', false);
  });

  it('trusts a refusal after the whole message: the server said that it did not take it', () => {
    expect(
      classifySmtpFailure({
        code: 'EMESSAGE',
        command: 'DATA',
        reply: '451 4.3.0 Try later',
        messageLeft: true,
      }),
    ).toMatchObject({ kind: 'retryable', mayHaveSent: false });
  });

  it.each([
    ['ECONNECTION', 'retryable', 'CHANNEL_CONNECTION_FAILED'],
    ['ESOCKET', 'retryable', 'CHANNEL_CONNECTION_FAILED'],
    ['EDNS', 'retryable', 'CHANNEL_CONNECTION_FAILED'],
    ['ETLS', 'retryable', 'CHANNEL_CONNECTION_FAILED'],
    ['ETIMEDOUT', 'retryable', 'CHANNEL_TIMEOUT'],
    ['EPROTOCOL', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
    ['ESTREAM', 'retryable', 'CHANNEL_INTERNAL'],
    ['', 'retryable', 'CHANNEL_INTERNAL'],
  ] as const)(
    'without an answer, %s → %s %s, and only the end of the message makes it doubtful',
    (code, kind, error) => {
      for (const messageLeft of [true, false])
        expect(classifySmtpFailure({ code, messageLeft })).toMatchObject({
          kind,
          code: error,
          mayHaveSent: messageLeft,
        });
    },
  );

  it.each([
    ['EAUTH', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['ENOAUTH', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['ECONFIG', 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['EENVELOPE', 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
  ] as const)('without an answer, %s → %s %s', (code, kind, error) => {
    expect(classifySmtpFailure({ code, messageLeft: false })).toMatchObject({ kind, code: error });
  });
});
