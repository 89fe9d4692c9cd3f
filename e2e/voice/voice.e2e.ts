/** A message on VOICE becomes a call, and what became of the call is known: with a Twilio of this test's own. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { eventually } from '../support/eventually.ts';
import { SEND, type Sent } from '../support/graph.ts';
import { Platform } from '../support/platform.ts';

const accountSid = `AC${'0a'.repeat(16)}`;
const authToken = 'auth-token-of-this-test';
/** As the world knows it: a proxy would stand there. */
const RECEIPTS = 'https://herald.example.com/receipts/calls';

const calls: URLSearchParams[] = [];
const twilio = createServer(async (request, response) => {
  const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  if (request.headers.authorization !== basic) return response.writeHead(401).end('{"code":20003}');
  const resource = request.url?.replace(`/2010-04-01/Accounts/${accountSid}/`, '');
  // The number is a landline.
  if (resource === 'Messages.json') return response.writeHead(400).end('{"code":21614}');
  if (resource !== 'Calls.json') return response.writeHead(404).end('{"code":20404}');
  calls.push(new URLSearchParams(await text(request)));
  return response.writeHead(201).end(JSON.stringify({ sid: `CA${calls.length}`, status: 'queued' }));
});

let platform: Platform;
beforeAll(async () => {
  await once(twilio.listen(0, '127.0.0.1'), 'listening');
  const { port } = twilio.address() as AddressInfo;
  const config = {
    accountSid,
    authToken,
    from: '+15005550006',
    voiceFrom: '+15005550006',
    receiptsUrl: RECEIPTS,
    baseUrl: `http://127.0.0.1:${port}`,
  };
  platform = new Platform(freshDatabase(), {
    PROVIDER_ACCOUNTS: JSON.stringify([{ id: 'calls', provider: 'twilio', config }]),
  });
  await platform.start();
  await platform.app.data(
    `mutation Kim($users: [UserInput!]!) { upsertUsers(users: $users) { __typename } }`,
    { users: [{ id: 'kim', phone: '+491701234567', locale: 'de-AT' }] },
  );
});
afterAll(async () => {
  const code = await platform?.stop();
  await platform?.remove();
  twilio.closeAllConnections();
  await new Promise<void>((closed) => twilio.close(() => closed()));
  expect(code).toBe(0);
});

const DELIVERY = `query Delivery($id: ID!) {
  notification(id: $id) { deliveries { nodes { id channel state address provider } } }
}`;
interface Delivery {
  readonly notification: { readonly deliveries: { readonly nodes: readonly Record<string, unknown>[] } };
}
const inState = async (id: string, state: string) => {
  const deliveries = await eventually(
    async () => (await platform.app.data<Delivery>(DELIVERY, { id })).notification.deliveries.nodes,
    (nodes) => expect(nodes.map((node) => node.state)).toEqual([state]),
  );
  return deliveries[0];
};
const send = async (content: object) => {
  const { sendNotification } = await platform.app.data<Sent>(SEND, {
    input: { to: [{ user: 'kim' }], channels: ['VOICE'], content },
  });
  return sendNotification.notification.id;
};

/** What Twilio tells of a call, signed as its documentation lays down. */
async function tell(call: URLSearchParams | undefined, fields: Record<string, string>, token = authToken) {
  const told = new URL(call?.get('StatusCallback') ?? '');
  const params = { AccountSid: accountSid, To: call?.get('To') ?? '', ...fields };
  const signed =
    told.href +
    Object.entries(params)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => name + value)
      .join('');
  const response = await fetch(`${platform.url}${told.pathname}${told.search}`, {
    method: 'POST',
    headers: { 'x-twilio-signature': createHmac('sha1', token).update(signed).digest('base64') },
    body: new URLSearchParams(params),
  });
  return response.status;
}

test('a call reads the message to the phone of the profile; answered, it is delivered', async () => {
  const id = await send({ title: 'Anmeldung', body: 'Ihr Code: 1, 2, 3.', url: 'https://a.example/' });
  expect(await inState(id, 'SENT')).toMatchObject({ channel: 'VOICE', provider: 'calls' });
  const [call] = calls;
  expect(Object.fromEntries(call ?? [])).toMatchObject({
    To: '+491701234567',
    From: '+15005550006',
    Twiml: expect.stringMatching(
      /^<Response>(<Say [^>]*language="de-DE"[^>]*>Anmeldung<\/Say><Say [^>]*>Ihr Code: 1, 2, 3\.<\/Say>(<Pause length="1"\/>)?){2}<\/Response>$/,
    ),
  });
  const ended = { CallSid: 'CA1', CallStatus: 'completed', CallDuration: '12' };
  expect(await tell(call, ended, 'another token')).toBe(401);
  await inState(id, 'SENT');
  expect(await tell(call, ended)).toBe(204);
  await inState(id, 'DELIVERED');
});

test('a call that nobody answered has failed, and says why', async () => {
  const id = await send({ body: 'Bitte rufen Sie zurück.' });
  await inState(id, 'SENT');
  expect(await tell(calls[1], { CallSid: 'CA2', CallStatus: 'no-answer', CallDuration: '0' })).toBe(204);
  await inState(id, 'FAILED');
  const { deadLetters } = await platform.operator.data<{ deadLetters: { nodes: object[] } }>(
    '{ deadLetters(filter: { channel: [VOICE] }) { nodes { provider reason lastError } } }',
  );
  expect(deadLetters.nodes).toEqual([
    {
      provider: 'calls',
      reason: 'CHANNEL_NOT_DELIVERED',
      lastError: expect.stringContaining('nobody answered'),
    },
  ]);
});

test('whom no SMS reaches is called', async () => {
  const { sendNotification } = await platform.app.data<Sent>(SEND, {
    input: {
      to: [{ user: 'kim' }],
      fallback: [{ channels: ['SMS'] }, { channels: ['VOICE'] }],
      content: { body: 'Ihr Code: 4, 5, 6.' },
    },
  });
  await eventually(
    async () => calls[2]?.get('Twiml'),
    (twiml) => expect(twiml).toContain('>Ihr Code: 4, 5, 6.<'),
  );
  await eventually(
    () => platform.app.data<Delivery>(DELIVERY, { id: sendNotification.notification.id }),
    ({ notification }) =>
      expect(
        notification.deliveries.nodes.map(({ channel, state }) => `${channel} ${state}`).toSorted(),
      ).toEqual(['SMS FAILED', 'VOICE SENT']),
  );
});
