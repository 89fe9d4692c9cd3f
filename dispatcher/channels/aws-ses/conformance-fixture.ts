import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { sigv4Problem } from '../network/testing/verify-sigv4.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const text = z.object({ Data: z.string(), Charset: z.literal('UTF-8') });
/** What the API asks for, by its reference. */
const body = z.object({
  FromEmailAddress: z.string().regex(/^[\x20-\x7e]+$/),
  Destination: z.object({ ToAddresses: z.tuple([z.string().regex(/^[\x21-\x7e]+@[a-z0-9.-]+$/)]) }),
  Content: z.object({
    Simple: z.object({
      Subject: text,
      Body: z.object({ Text: text, Html: text.optional() }),
      Headers: z.array(z.object({ Name: z.string(), Value: z.string().max(995) })).max(15),
    }),
  }),
});
const REGION = 'eu-central-1';
const FROM = 'Herald 📣 <herald@news.example.com>';
const GOOD = { region: REGION, from: FROM };

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('aws-ses', { ...GOOD, region: 'Frankfurt' }),
      names: 'PROVIDER_ACCOUNTS aws-ses.region',
    },
    {
      settings: accountSettings('aws-ses', { ...GOOD, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }),
      names: 'PROVIDER_ACCOUNTS aws-ses.secretAccessKey',
    },
    {
      settings: accountSettings('aws-ses', { ...GOOD, topicArns: ['bounces'] }),
      names: 'PROVIDER_ACCOUNTS aws-ses.topicArns.0',
    },
  ],
  async start(behaviour) {
    const key = {
      accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
    };
    const received: ReceivedMessage[] = [];
    const server = await startFakeHttpServer(behaviour, (request) => {
      const error = (status: number, type: string, message = '') => ({
        status,
        headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
        body: JSON.stringify({ message }),
      });
      if (behaviour === 'refuseEchoingSecrets')
        return error(403, 'InvalidSignatureException', `${key.secretAccessKey} is wrong`);
      const problem = sigv4Problem(request, key, { region: REGION, service: 'ses' });
      if (problem !== undefined) return error(403, problem);
      const json = { 'content-type': 'application/json' };
      if (request.method === 'GET' && request.path === '/v2/email/account')
        return { status: 200, headers: json, body: '{"SendingEnabled":true,"EnforcementStatus":"HEALTHY"}' };
      if (request.method !== 'POST' || request.path !== '/v2/email/outbound-emails')
        return error(404, 'UnknownOperationException');
      const parsed = body.safeParse(JSON.parse(request.body.toString('utf8')));
      if (!parsed.success) return error(400, 'BadRequestException', 'Bad request');
      const { Subject, Body } = parsed.data.Content.Simple;
      received.push({ title: Subject.Data, body: Body.Text.Data });
      return { status: 200, headers: json, body: '{"MessageId":"010701-ses-id"}' };
    });
    return {
      settings: accountSettings('aws-ses', { ...GOOD, ...key, baseUrl: server.origin }),
      secrets: [key.secretAccessKey],
      recipient: { address: 'ada@example.com' },
      received: async () => received,
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};
