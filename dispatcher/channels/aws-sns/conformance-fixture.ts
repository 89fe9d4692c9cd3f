import { randomBytes, randomUUID } from 'node:crypto';
import { parse } from 'node:querystring';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { sigv4Problem } from '../network/testing/verify-sigv4.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const region = 'eu-central-1';

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('aws-sns', { region: 'Frankfurt' }),
      names: 'PROVIDER_ACCOUNTS aws-sns.region',
    },
    {
      settings: accountSettings('aws-sns', { region, accessKeyId }),
      names: 'PROVIDER_ACCOUNTS aws-sns.secretAccessKey',
    },
  ],
  async start(behaviour) {
    const secretAccessKey = randomBytes(30).toString('base64');
    const server = await startFakeHttpServer(behaviour, (request) =>
      behaviour === 'refuseEchoingSecrets'
        ? error(403, 'SignatureDoesNotMatch', `${request.headers.authorization} ${secretAccessKey}`)
        : fakeSns(request, secretAccessKey),
    );
    return {
      settings: accountSettings('aws-sns', { region, accessKeyId, secretAccessKey, baseUrl: server.origin }),
      secrets: [secretAccessKey],
      recipient: { address: '+491701234567' },
      received: async () =>
        server.requests
          .map(({ body }) => parse(body.toString()))
          .filter(({ Action }) => Action === 'Publish')
          .map(({ Message }): ReceivedMessage => {
            const text = String(Message);
            const end = text.indexOf('\n');
            return { title: text.slice(0, end), body: text.slice(end + 1) };
          }),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

/** SNS's query API: checks what SNS checks. */
function fakeSns(request: FakeRequest, secretAccessKey: string): FakeAnswer {
  if (request.method !== 'POST' || request.path !== '/') return error(404, 'InvalidAction');
  if (sigv4Problem(request, { accessKeyId, secretAccessKey }, { region, service: 'sns' }))
    return error(403, 'SignatureDoesNotMatch');
  const form = parse(request.body.toString());
  if (form.Version !== '2010-03-31') return error(400, 'InvalidAction');
  if (form.Action === 'GetSMSAttributes') return result('GetSMSAttributes', '<attributes/>');
  if (form.Action !== 'Publish') return error(400, 'InvalidAction');
  if (typeof form.PhoneNumber !== 'string' || !/^\+[1-9]\d+$/.test(form.PhoneNumber))
    return error(
      400,
      'InvalidParameter',
      'Invalid parameter: PhoneNumber Reason: it is not valid to publish to',
    );
  if (typeof form.Message !== 'string' || form.Message === '')
    return error(400, 'InvalidParameter', 'Invalid parameter: Empty message');
  return result('Publish', `<MessageId>${randomUUID()}</MessageId>`);
}

const XMLNS = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';
const ID = '<RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId>';

const result = (action: string, content: string): FakeAnswer => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<${action}Response ${XMLNS}><${action}Result>${content}</${action}Result><ResponseMetadata>${ID}</ResponseMetadata></${action}Response>`,
});

const error = (status: number, code: string, message = 'no'): FakeAnswer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse ${XMLNS}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>${ID}</ErrorResponse>`,
});
