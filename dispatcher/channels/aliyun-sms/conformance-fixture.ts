import { createHash, createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type FakeAnswer, type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture } from '../testing/fake-provider.ts';

const KEY_ID = 'LTAI5t';

const sendSms = z.object({
  PhoneNumbers: z.string().regex(/^1\d{10}$/),
  SignName: z.literal('赫拉德'),
  TemplateCode: z.literal('SMS_1'),
  TemplateParam: z.string(),
  OutId: z.string(),
});
const templateParam = z.strictObject({ title: z.string(), content: z.string() });

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const json = (status: number, value: object): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json;charset=utf-8' },
  body: JSON.stringify(value),
});

/** The signature as the documentation has it, over what arrived and not over what the provider meant to send. */
function isSigned({ method, path, headers, body }: FakeRequest, secret: string): boolean {
  const { id, names, signature } =
    headers.authorization?.match(
      /^ACS3-HMAC-SHA256 Credential=(?<id>.+),SignedHeaders=(?<names>.+),Signature=(?<signature>.+)$/,
    )?.groups ?? {};
  const [, query = ''] = path.split('?');
  const sorted = query.split('&').sort().join('&');
  const signed = (names ?? '').split(';').map((name) => `${name}:${headers[name]}\n`);
  const canonical = [method, '/', sorted, signed.join(''), names, sha256(body)].join('\n');
  const expected = createHmac('sha256', secret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex');
  return (
    id === KEY_ID &&
    signature === expected &&
    headers['x-acs-version'] === '2017-05-25' &&
    headers['x-acs-content-sha256'] === sha256(body) &&
    Math.abs(Date.now() - Date.parse(String(headers['x-acs-date']))) < 15 * 60_000
  );
}

export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: accountSettings('aliyun-sms', {}), names: 'PROVIDER_ACCOUNTS aliyun-sms.accessKeyId' },
    {
      settings: accountSettings('aliyun-sms', {
        accessKeyId: 'a',
        accessKeySecret: 'b',
        signName: 'c',
        templateCode: '7',
      }),
      names: 'PROVIDER_ACCOUNTS aliyun-sms.templateCode',
    },
  ],
  async start(behaviour) {
    const secret = randomBytes(15).toString('hex');
    const receiptToken = randomBytes(16).toString('hex');
    const nonces = new Set<unknown>();
    const server = await startFakeHttpServer(behaviour, (request) => {
      const { headers, path } = request;
      if (behaviour === 'refuseEchoingSecrets')
        return json(400, {
          Code: 'SignatureDoesNotMatch',
          Message: `not signed with ${secret}, ${receiptToken}: ${headers.authorization}`,
        });
      if (!isSigned(request, secret)) return json(400, { Code: 'SignatureDoesNotMatch', Message: '' });
      if (nonces.has(headers['x-acs-signature-nonce'])) return json(400, { Code: 'SignatureNonceUsed' });
      nonces.add(headers['x-acs-signature-nonce']);
      if (headers['x-acs-action'] === 'QuerySmsSignList') return json(200, { Code: 'OK', Message: 'OK' });
      const query = Object.fromEntries(new URL(path, 'http://fake').searchParams);
      return headers['x-acs-action'] === 'SendSms' && sendSms.safeParse(query).success
        ? json(200, { Code: 'OK', Message: 'OK', BizId: '900619746936498440^0', RequestId: 'F655A8D5' })
        : json(200, { Code: 'isv.INVALID_PARAMETERS', Message: '' });
    });
    return {
      settings: accountSettings('aliyun-sms', {
        accessKeyId: KEY_ID,
        accessKeySecret: secret,
        signName: '赫拉德',
        templateCode: 'SMS_1',
        titleParam: 'title',
        receiptToken,
        baseUrl: server.origin,
      }),
      secrets: [secret, receiptToken],
      recipient: { address: '+8613800138000' },
      received: async () =>
        server.requests.map(({ path }) => {
          const query = Object.fromEntries(new URL(path, 'http://fake').searchParams);
          const { TemplateParam, OutId } = sendSms.parse(query);
          const { title, content } = templateParam.parse(JSON.parse(TemplateParam));
          return { title, body: content, idempotencyKey: OutId };
        }),
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
