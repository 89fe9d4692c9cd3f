/** Who unsubscribes with one click in a mail program (RFC 8058) gets no more mail of that kind. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { eventually } from '../support/eventually.ts';
import { SEND, type Sent } from '../support/graph.ts';
import { Platform } from '../support/platform.ts';

const PUBLIC_URL = 'https://herald.example.com';

const arrived: Email[] = [];
const smtp = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onRcptTo({ address }, _session, done) {
    if (address !== 'gone@example.org') return done();
    // As servers say it of a mailbox that is not there (RFC 3463, 5.1.1).
    done(Object.assign(new Error('5.1.1 no such user here'), { responseCode: 550 }));
  },
  onData(stream, _session, done) {
    buffer(stream)
      .then((source) => PostalMime.parse(source))
      .then((mime) => {
        arrived.push(mime);
        done();
      })
      .catch(done);
  },
});

const database = freshDatabase();
let platform: Platform;
beforeAll(async () => {
  smtp.listen(0, '127.0.0.1');
  await once(smtp.server, 'listening');
  const { port } = smtp.server.address() as AddressInfo;
  platform = new Platform(database, {
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    HERALD_PUBLIC_URL: PUBLIC_URL,
  });
  await platform.start();
  await platform.operator.data(
    'mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }',
    { users: [{ id: 'ada', email: 'ada@example.org' }] },
  );
});
afterAll(async () => {
  const code = await platform.stop();
  await platform.remove();
  await new Promise<void>((closed) => smtp.close(closed));
  expect(code).toBe(0);
});

/** What became of the one delivery of a mail. */
async function send(to: object, category: string): Promise<string> {
  const { app } = platform;
  const { sendNotification } = await app.data<Sent>(SEND, {
    input: { to: [to], channels: ['EMAIL'], category, content: { title: category, body: 'Hello' } },
  });
  const { notification } = await eventually(
    () =>
      app.data<{
        notification: { state: string; deliveries: { nodes: { state: string; skipReason?: string }[] } };
      }>(
        'query Ended($id: ID!) { notification(id: $id) { state deliveries { nodes { state skipReason } } } }',
        { id: sendNotification.notification.id },
      ),
    (answer) => expect(answer.notification.state).toBe('COMPLETED'),
  );
  return notification.deliveries.nodes.map(({ state, skipReason }) => skipReason ?? state).join();
}
const header = (mail: Email | undefined, name: string) =>
  mail?.headers.find(({ key }) => key === name)?.value;

test('one click, and the next mail of the category is not sent', async () => {
  expect(await send({ user: 'ada' }, 'news')).toBe('SENT');
  expect(header(arrived[0], 'list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
  const link = header(arrived[0], 'list-unsubscribe') ?? '';
  expect(link).toMatch(/^<https:\/\/herald\.example\.com\/unsubscribe\/[\w.-]+>$/);
  const url = link.slice(1, -1).replace(PUBLIC_URL, platform.url);

  // What looks at links in mails opens them: nothing changes by that.
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<form method="post">');
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(await send({ user: 'ada' }, 'news')).toBe('SENT');

  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    redirect: 'error',
  });
  expect(answer.status).toBe(200);
  // The dispatcher takes the click, and sends: there it is in force at once.
  expect(await send({ user: 'ada' }, 'news')).toBe('UNSUBSCRIBED');
  expect(await send({ user: 'ada' }, 'invoices')).toBe('SENT');
  expect(arrived.map(({ subject }) => subject)).toEqual(['news', 'news', 'invoices']);

  const { user } = await platform.app.data<{ user: { preferences: object[] } }>(
    'query { user(id: "ada") { preferences { category channel enabled } } }',
  );
  expect(user.preferences).toEqual([{ category: 'news', channel: 'EMAIL', enabled: false }]);
  expect((await fetch(`${platform.url}/unsubscribe/made.up`, { method: 'POST' })).status).toBe(404);
});

test('an address that the mail server does not know is not asked for again', async () => {
  const to = { channel: 'EMAIL', address: 'gone@example.org' };
  expect(await send(to, 'news')).toBe('FAILED');
  const { suppressions } = await platform.operator.data<{ suppressions: { nodes: object[] } }>(
    'query { suppressions { nodes { channel address reason account by } } }',
  );
  expect(suppressions.nodes).toEqual([
    { channel: 'EMAIL', address: to.address, reason: 'INVALID', account: 'smtp', by: null },
  ]);
  // The graph and the dispatcher are two processes: what an operator says counts in the other one.
  expect(await send(to, 'news')).toBe('SUPPRESSED');
  await platform.operator.data('mutation { removeSuppression(channel: EMAIL, address: "gone@example.org") }');
  await eventually(
    () => send(to, 'news'),
    (end) => expect(end).toBe('FAILED'),
  );
});
