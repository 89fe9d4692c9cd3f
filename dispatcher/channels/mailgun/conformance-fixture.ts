import { randomBytes } from 'node:crypto';
import { type FakeRequest, startFakeHttpServer } from '../network/fake-http-server.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const DOMAIN = 'mg.example.com';
const GOOD = { apiKey: 'k'.repeat(32), domain: DOMAIN, from: 'Herald 📣 <herald@mg.example.com>' };

export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('mailgun', { ...GOOD, apiKey: 'short' }),
      names: 'PROVIDER_ACCOUNTS mailgun.apiKey',
    },
    {
      settings: accountSettings('mailgun', { ...GOOD, domain: 'a/../b' }),
      names: 'PROVIDER_ACCOUNTS mailgun.domain',
    },
    {
      settings: accountSettings('mailgun', { ...GOOD, from: 'a@b.c, d@e.f' }),
      names: 'PROVIDER_ACCOUNTS mailgun.from',
    },
  ],
  async start(behaviour) {
    const apiKey = `${randomBytes(16).toString('hex')}-${randomBytes(4).toString('hex')}`;
    const received: ReceivedMessage[] = [];
    const server = await startFakeHttpServer(behaviour, (request) => {
      const answer = (status: number, message: string) => ({ status, body: JSON.stringify({ message }) });
      if (behaviour === 'refuseEchoingSecrets') return answer(401, `Forbidden ${apiKey}`);
      if (request.headers.authorization !== `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`)
        return { status: 401, body: 'Forbidden' };
      if (request.method !== 'POST' || request.path !== `/v3/${DOMAIN}/messages`)
        return answer(404, `Domain not found: ${DOMAIN}`);
      const fields = fieldsOf(request);
      for (const name of ['from', 'to', 'subject'])
        if (!fields.get(name)) return answer(400, `${name} parameter is missing`);
      if (!/^[^@\s]+@[^@\s]+$/.test(fields.get('to') ?? ''))
        return answer(400, 'to parameter is not a valid address. please check documentation');
      if (!fields.get('text') && !fields.get('html'))
        return answer(400, "Need at least one of 'text' or 'html' parameters specified");
      const id = fields.get('h:Message-Id') ?? '';
      received.push({
        title: fields.get('subject') ?? '',
        body: fields.get('text') ?? '',
        idempotencyKey: id,
      });
      return { status: 200, body: JSON.stringify({ id, message: 'Queued. Thank you.' }) };
    });
    return {
      settings: accountSettings('mailgun', { ...GOOD, apiKey, baseUrl: server.origin }),
      secrets: [apiKey, Buffer.from(`api:${apiKey}`).toString('base64')],
      recipient: { address: 'ada@example.com' },
      received: async () => received,
      openConnections: server.openConnections,
      stop: server.stop,
    };
  },
};

/** The fields of a multipart/form-data body (RFC 7578) as texts, read by hand. A mail's lines end with CRLF. */
export function fieldsOf({ headers, body }: FakeRequest): ReadonlyMap<string, string> {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return new Map();
  const parts = body.toString('utf8').split(`--${boundary}`).slice(1, -1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\r\n\r\n');
      const name = /; name="([^"]*)"/.exec(part.slice(0, end))?.[1] ?? '';
      return [name, part.slice(end + 4, -2).replaceAll('\r\n', '\n')];
    }),
  );
}
