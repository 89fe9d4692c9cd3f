import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { classifySesFailure } from './classify-failure.ts';
import { awsSes } from './provider.ts';

describe('errors of Amazon SES', () => {
  it.each([
    ['AccountSuspendedException', 400, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['SendingPausedException', 400, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['MailFromDomainNotVerifiedException', 400, '', 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['NotFoundException', 404, 'Template t does not exist', 'permanent', 'CHANNEL_MISCONFIGURED'],
    [
      'MessageRejected',
      400,
      'Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: a@b.c',
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    ['MessageRejected', 400, 'Invalid content', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['BadRequestException', 400, "Missing final '@domain'", 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [
      'BadRequestException',
      400,
      'Domain contains control or whitespace',
      'invalidRecipient',
      'CHANNEL_ADDRESS_INVALID',
    ],
    ['BadRequestException', 400, 'Illegal address', 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    ['BadRequestException', 400, 'Invalid header', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['TooManyRequestsException', 429, 'Maximum sending rate exceeded.', 'rateLimited', undefined],
    ['LimitExceededException', 400, 'Daily message quota exceeded.', 'rateLimited', undefined],
    ['ThrottlingException', 400, '', 'rateLimited', undefined],
    ['UnrecognizedClientException', 403, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['InvalidSignatureException', 403, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['AccessDeniedException', 403, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['ExpiredTokenException', 403, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['CredentialsProviderError', undefined, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['RequestExpired', 400, '', 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['UnknownOperationException', 404, '', 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['NotFoundException', 404, '', 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['MalformedHttpRequestException', 400, '', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['RequestEntityTooLargeException', 413, '', 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    ['RequestAbortedException', 400, '', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
    ['RequestTimeoutException', 408, '', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['InternalFailure', 500, '', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['ServiceUnavailable', 503, '', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['SomethingNew', 400, '', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['SomethingNew', 413, '', 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    ['TypeError', undefined, '', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
    ['toString', undefined, '', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ])('%s %s "%s" → %s %s', (name, status, text, kind, code) => {
    const outcome = classifySesFailure({ name, status, text });
    expect(outcome.kind).toBe(kind);
    if (code !== undefined) expect(outcome).toHaveProperty('code', code);
    if (text !== '') expect(JSON.stringify(outcome)).not.toContain(text);
  });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const json = { 'content-type': 'application/json' };
const ACCEPTED: FakeAnswer = { status: 200, headers: json, body: '{"MessageId":"id-1"}' };

async function start(answer: FakeAnswer = ACCEPTED, config: object = {}) {
  const server = await startFakeHttpServer('accept', () => answer);
  cleanups.push(server.stop);
  const provider = await awsSes.create(
    awsSes.config.parse({
      region: 'eu-central-1',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      from: 'Grüße <herald@bücher.example>',
      baseUrl: server.origin,
      ...config,
    }),
    testDeps(),
  );
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage> = {}) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'EMAIL',
        address: 'ada@example.com',
        notification: 'n1',
        delivery: 'd1',
        priority: 'MEDIUM',
        locale: 'en',
        title: 'Hi',
        body: 'Text',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  const sent = (): unknown => JSON.parse(server.requests.at(-1)?.body.toString('utf8') ?? '');
  return { provider, send, sent, requests: server.requests };
}

describe('Amazon SES', () => {
  it('sends text, HTML, attachments, pictures and one-click unsubscribe', async () => {
    const { send, sent } = await start(ACCEPTED, { configurationSet: 'transactional' });
    const outcome = await send({
      address: 'ada@bücher.example',
      html: '<p>Text</p>',
      unsubscribeUrl: 'https://herald.example.com/u/1',
      data: {
        email: {
          attachments: [
            { filename: 'a.pdf', contentType: 'application/pdf', content: 'JVBERg==' },
            { filename: 'logo.png', contentType: 'image/png', content: 'iVBORw==', cid: 'logo' },
          ],
        },
        'aws-ses': { tags: { team: 'billing' } },
      },
    });
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: 'id-1' });
    expect(sent()).toEqual({
      FromEmailAddress: '=?UTF-8?B?R3LDvMOfZQ==?= <herald@xn--bcher-kva.example>',
      Destination: { ToAddresses: ['ada@xn--bcher-kva.example'] },
      Content: {
        Simple: {
          Subject: { Data: 'Hi', Charset: 'UTF-8' },
          Body: {
            Text: { Data: 'Text', Charset: 'UTF-8' },
            Html: { Data: '<p>Text</p>', Charset: 'UTF-8' },
          },
          Headers: [
            { Name: 'Auto-Submitted', Value: 'auto-generated' },
            { Name: 'List-Unsubscribe', Value: '<https://herald.example.com/u/1>' },
            { Name: 'List-Unsubscribe-Post', Value: 'List-Unsubscribe=One-Click' },
          ],
          Attachments: [
            {
              RawContent: 'JVBERg==',
              FileName: 'a.pdf',
              ContentType: 'application/pdf',
              ContentTransferEncoding: 'BASE64',
              ContentDisposition: 'ATTACHMENT',
            },
            {
              RawContent: 'iVBORw==',
              FileName: 'logo.png',
              ContentType: 'image/png',
              ContentTransferEncoding: 'BASE64',
              ContentDisposition: 'INLINE',
              ContentId: 'logo',
            },
          ],
        },
      },
      ConfigurationSetName: 'transactional',
      EmailTags: [
        { Name: 'team', Value: 'billing' },
        { Name: 'herald-delivery', Value: 'd1' },
      ],
    });
  });

  it("uses one of SES's templates", async () => {
    const { send, sent } = await start();
    await send({ data: { 'aws-ses': { templateName: 'welcome', templateData: { name: 'Ada' } } } });
    expect(sent()).toMatchObject({
      Content: { Template: { TemplateName: 'welcome', TemplateData: '{"name":"Ada"}' } },
    });
  });

  it('makes one attempt and reads the error of an answer', async () => {
    const { send, requests } = await start({
      status: 429,
      headers: { ...json, 'x-amzn-errortype': 'TooManyRequestsException', 'retry-after': '7' },
      body: '{"message":"Maximum sending rate exceeded."}',
    });
    expect(await send()).toMatchObject({ kind: 'rateLimited', retryAfterMs: 7_000 });
    expect(requests).toHaveLength(1);
  });

  it.each([
    [
      { status: 503, body: '<html>' },
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' },
    ],
    [
      { status: 200, body: '<html>' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
    [
      { status: 200, headers: json, body: '{}' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
    [
      { status: 500, headers: json, body: '{}' },
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' },
    ],
    [
      { status: 400, headers: json, body: '{"__type":"AccountSuspendedException","message":"x"}' },
      { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' },
    ],
  ])('%j → %j', async (answer, outcome) => {
    const { send, requests } = await start(answer);
    expect(await send()).toMatchObject(outcome);
    expect(requests).toHaveLength(1);
  });

  it.each([
    [{ address: 'ada' }, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' }],
    [{ address: 'почта@example.com' }, { kind: 'permanent', about: 'recipient' }],
    [{ data: { 'aws-ses': { template: 'x' } } }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ body: 'x'.repeat(40_000_001) }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
  ])('asks nothing of SES for what it would not take', async (message, expected) => {
    const { send, requests } = await start();
    expect(await send(message)).toMatchObject(expected);
    expect(requests).toEqual([]);
  });

  it.each([
    [{ status: 200, headers: json, body: '{"SendingEnabled":false}' }, false],
    [{ status: 200, headers: json, body: '{"SendingEnabled":true}' }, true],
    [{ status: 403, headers: { ...json, 'x-amzn-errortype': 'AccessDeniedException' }, body: '{}' }, true],
    [
      { status: 403, headers: { ...json, 'x-amzn-errortype': 'UnrecognizedClientException' }, body: '{}' },
      false,
    ],
  ])('%j: well = %s', async (answer, ok) => {
    const { provider } = await start(answer);
    expect(await provider.health?.(AbortSignal.timeout(20_000))).toMatchObject({ ok });
  });
});
