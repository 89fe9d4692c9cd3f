import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RawReceipt } from '../contract.ts';
import { parseSesReceipts } from './receipts.ts';
import { selfSignedCertificate } from './self-signed-certificate.ts';
import { createSnsVerifier, type SnsMessage, snsUrl, stringToSign } from './sns-message.ts';

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:ses';
const CERTIFICATE_URL = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem';
const NOW = new Date('2026-03-01T12:00:00Z');
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const YEAR = 365 * 86_400_000;
const certificate = selfSignedCertificate(
  keys,
  'sns.amazonaws.com',
  new Date(NOW.getTime() - YEAR),
  new Date(NOW.getTime() + YEAR),
);

function message(fields: Partial<SnsMessage>): SnsMessage {
  const unsigned: SnsMessage = {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: TOPIC,
    Message: '',
    Timestamp: '2026-03-01T11:59:58.000Z',
    SignatureVersion: '2',
    Signature: '',
    SigningCertURL: CERTIFICATE_URL,
    ...fields,
  };
  const algorithm = unsigned.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  const Signature = sign(algorithm, Buffer.from(stringToSign(unsigned)), keys.privateKey).toString('base64');
  return { ...unsigned, Signature };
}

const raw = (body: unknown): RawReceipt => ({
  method: 'POST',
  url: new URL('https://herald.example.com/receipts/aws-ses'),
  headers: { 'content-type': 'text/plain; charset=UTF-8' },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

/** @param served what is found at which URL; by default, SNS's certificate. */
async function parse(
  body: unknown,
  served: Readonly<Record<string, string>> = { [CERTIFICATE_URL]: certificate },
  now = NOW,
) {
  const fetched: string[] = [];
  const fetchText = async (url: URL) => {
    fetched.push(url.href);
    return served[url.href];
  };
  const verifier = createSnsVerifier(fetchText, () => now);
  const reader = { verifier, fetchText, topicArns: [TOPIC] };
  const parsed = await parseSesReceipts(raw(body), AbortSignal.timeout(20_000), reader);
  return { parsed, fetched, again: () => parseSesReceipts(raw(body), AbortSignal.timeout(20_000), reader) };
}

/** From "Amazon SNS notification examples for Amazon SES" and "Examples of event data". */
const MAIL = {
  timestamp: '2018-10-08T14:05:45 +0000',
  messageId: '000001378603177f-7a5433e7-8edb-42ae-af10-f0181f34d6ee-000000',
  source: 'sender@example.com',
  destination: ['recipient@example.com'],
};
const BOUNCE = {
  notificationType: 'Bounce',
  bounce: {
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [
      {
        emailAddress: 'jane@example.com',
        status: '5.1.1',
        action: 'failed',
        diagnosticCode: 'smtp; 550 5.1.1 hunter2',
      },
      { emailAddress: 'Richard <richard@example.com>' },
    ],
    timestamp: '2016-01-27T14:59:38.237Z',
    feedbackId: '00000137860315fd-869464a4-8680-4114-98d3-716fe35851f9-000000',
  },
  mail: MAIL,
};
const at = (Timestamp: string) => ({ timestamp: Timestamp });

describe('receipts of Amazon SES', () => {
  it('reads a bounce, one receipt a recipient', async () => {
    const { parsed } = await parse(message({ Message: JSON.stringify(BOUNCE) }));
    expect(parsed).toEqual({
      kind: 'receipts',
      receipts: [
        {
          key: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324:0',
          kind: 'bounced',
          providerMessageId: MAIL.messageId,
          address: 'jane@example.com',
          at: new Date('2016-01-27T14:59:38.237Z'),
          message: 'The receiving server refused it (5.1.1).',
        },
        {
          key: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324:1',
          kind: 'bounced',
          providerMessageId: MAIL.messageId,
          address: 'richard@example.com',
          at: new Date('2016-01-27T14:59:38.237Z'),
          message: 'The receiving server refused it.',
        },
      ],
    });
  });

  const recipients = [{ emailAddress: 'recipient@example.com' }];
  it.each([
    [
      {
        notificationType: 'Complaint',
        complaint: { complainedRecipients: recipients, complaintFeedbackType: 'abuse' },
      },
      'complained',
    ],
    [
      {
        eventType: 'Complaint',
        complaint: { complainedRecipients: recipients, complaintFeedbackType: null },
      },
      'complained',
    ],
    [
      {
        eventType: 'Complaint',
        complaint: { complainedRecipients: recipients, complaintFeedbackType: 'not-spam' },
      },
      undefined,
    ],
    [
      {
        notificationType: 'Delivery',
        delivery: { recipients: ['recipient@example.com'], smtpResponse: '250 ok' },
      },
      'delivered',
    ],
    [{ eventType: 'Bounce', bounce: { bounceType: 'Transient', bouncedRecipients: recipients } }, 'failed'],
    [
      { eventType: 'Bounce', bounce: { bounceType: 'Undetermined', bouncedRecipients: recipients } },
      'failed',
    ],
    [
      {
        eventType: 'DeliveryDelay',
        deliveryDelay: { delayType: 'TransientCommunicationFailure', delayedRecipients: recipients },
      },
      'deferred',
    ],
    [{ eventType: 'Send', send: {} }, undefined],
    [{ eventType: 'Reject', reject: { reason: 'Bad content' } }, 'failed'],
    [{ eventType: 'Open', open: at('2017-08-09T22:00:19.652Z') }, 'opened'],
    [{ eventType: 'Click', click: at('2017-08-09T23:51:25.570Z') }, 'clicked'],
    [{ eventType: 'Rendering Failure', failure: { errorMessage: 'x', templateName: 't' } }, 'failed'],
    [
      {
        eventType: 'Subscription',
        subscription: { ...at('2022-01-12T01:00:14.340Z'), newTopicPreferences: { unsubscribeAll: true } },
      },
      'unsubscribed',
    ],
    [
      {
        eventType: 'Subscription',
        subscription: { newTopicPreferences: { unsubscribeAll: false } },
      },
      undefined,
    ],
    [{ eventType: 'Something new' }, undefined],
  ])('%j → %s', async (event, kind) => {
    const { parsed } = await parse(message({ Message: JSON.stringify({ mail: MAIL, ...event }) }));
    expect(parsed).toMatchObject({
      kind: 'receipts',
      receipts:
        kind === undefined
          ? []
          : [{ kind, providerMessageId: MAIL.messageId, address: 'recipient@example.com' }],
    });
  });

  it('takes what the suppression list stopped for a failure, and for a complaint', async () => {
    const complaint = { complainedRecipients: recipients, complaintSubType: 'OnAccountSuppressionList' };
    const event = { eventType: 'Complaint', complaint, mail: MAIL };
    expect((await parse(message({ Message: JSON.stringify(event) }))).parsed).toMatchObject({
      kind: 'receipts',
      receipts: [
        { kind: 'failed', key: expect.stringMatching(/:0$/), address: 'recipient@example.com' },
        { kind: 'complained', key: expect.stringMatching(/:0:complained$/) },
      ],
    });
  });

  it('finds the delivery in the tags of an event', async () => {
    const tags = { 'ses:configuration-set': ['c'], 'herald-delivery': ['d1'] };
    const event = { eventType: 'Open', open: {}, mail: { ...MAIL, tags } };
    expect((await parse(message({ Message: JSON.stringify(event) }))).parsed).toMatchObject({
      receipts: [{ kind: 'opened', delivery: 'd1' }],
    });
  });

  it('passes over the text that SES sends when a topic is set', async () => {
    const Message = 'Successfully validated SNS topic for Amazon SES event publishing.';
    expect((await parse(message({ Message }))).parsed).toEqual({ kind: 'receipts', receipts: [] });
  });
});

const CONFIRM_URL = `https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336`;
const confirmation = (SubscribeURL: string) =>
  message({ Type: 'SubscriptionConfirmation', Token: '2336', SubscribeURL });

describe('messages of Amazon SNS', () => {
  it.each(['1', '2'] as const)(
    'are believed with signature version %s, with and without a subject',
    async (v) => {
      for (const fields of [{}, { Subject: 'Amazon SES Email Event Notification' }]) {
        const { parsed } = await parse(
          message({ SignatureVersion: v, Message: JSON.stringify(BOUNCE), ...fields }),
        );
        expect(parsed).toMatchObject({ kind: 'receipts', receipts: [{ kind: 'bounced' }, {}] });
      }
    },
  );

  const good = message({ Message: JSON.stringify(BOUNCE) });
  it.each([
    ['a changed message', { ...good, Message: '{}' }],
    ['a changed id', { ...good, MessageId: 'another' }],
    ['another signature', { ...good, Signature: 'AAAA' }],
    ['the other signature version', { ...good, SignatureVersion: '1' }],
    ["somebody else's topic", message({ TopicArn: 'arn:aws:sns:us-east-1:999999999999:ses' })],
  ])('are not believed with %s', async (_name, body) =>
    expect((await parse(body)).parsed.kind).toBe('unauthorized'),
  );

  it.each([
    'http://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem',
    'https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-0123abcd.pem',
    'https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem',
    'https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-0123abcd.pem',
    'https://user@sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem',
    'https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-0123abcd.pem',
    'https://evil.s3.amazonaws.com/SimpleNotificationService-0123abcd.pem',
    'https://sns.us-east-1.amazonaws.com/other/SimpleNotificationService-0123abcd.pem',
    'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&x=.pem',
    'file:///etc/passwd',
    '',
  ])('fetch no certificate from %j', async (SigningCertURL) => {
    const { parsed, fetched } = await parse(message({ SigningCertURL }), { [SigningCertURL]: certificate });
    expect(parsed.kind).toBe('unauthorized');
    expect(fetched).toEqual([]);
  });

  it('are not believed with a certificate that is none, or out of date', async () => {
    expect((await parse(good, { [CERTIFICATE_URL]: 'hello' })).parsed.kind).toBe('unauthorized');
    const later = new Date(NOW.getTime() + 2 * YEAR);
    expect((await parse(good, undefined, later)).parsed.kind).toBe('unauthorized');
  });

  it('are asked for again when the certificate cannot be had', async () => {
    expect((await parse(good, {})).parsed).toMatchObject({ receipts: [], answer: { status: 503 } });
  });

  it('need their certificate once', async () => {
    const { fetched, again } = await parse(good);
    await again();
    expect(fetched).toEqual([CERTIFICATE_URL]);
  });

  it.each(['', 'no JSON', '{}', { ...good, SignatureVersion: '3' }, { ...good, Type: 'Other' }])(
    'are malformed: %j',
    async (body) => expect((await parse(body)).parsed.kind).toBe('malformed'),
  );

  it('confirm a subscription to a topic of ours', async () => {
    const served = { [CERTIFICATE_URL]: certificate, [CONFIRM_URL]: '<ConfirmSubscriptionResponse/>' };
    const { parsed, fetched } = await parse(confirmation(CONFIRM_URL), served);
    expect(parsed).toEqual({ kind: 'receipts', receipts: [] });
    expect(fetched).toEqual([CERTIFICATE_URL, CONFIRM_URL]);
    expect((await parse(confirmation(CONFIRM_URL))).parsed).toMatchObject({ answer: { status: 503 } });
  });

  it.each([
    'https://evil.example/?Action=ConfirmSubscription',
    'http://169.254.169.254/?Action=ConfirmSubscription',
    'https://sns.us-east-1.amazonaws.com/?Action=DeleteTopic',
    '',
  ])('fetch nothing from %j to confirm', async (url) => {
    const { parsed, fetched } = await parse(confirmation(url));
    expect(parsed.kind).toBe('malformed');
    expect(fetched).toEqual([CERTIFICATE_URL]);
  });

  it('come from China too', () => {
    expect(snsUrl('https://sns.cn-north-1.amazonaws.com.cn/x.pem')).toBeDefined();
  });
});
