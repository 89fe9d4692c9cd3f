/** A template's e-mail goes out by SMTP and arrives as it was meant. */
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

interface Arrived {
  readonly from: string;
  readonly to: readonly string[];
  readonly mime: Email;
}

const arrived: Arrived[] = [];
const smtp = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData(stream, session, done) {
    const { mailFrom, rcptTo } = session.envelope;
    buffer(stream)
      .then((source) => PostalMime.parse(source))
      .then((mime) => {
        arrived.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          mime,
        });
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
    SMTP_FROM: 'Grüße <herald@example.com>',
  });
  await platform.start();
});
afterAll(async () => {
  const code = await platform.stop();
  await platform.remove();
  await new Promise<void>((closed) => smtp.close(closed));
  expect(code).toBe(0);
});

const SAVE = 'mutation Save($input: TemplateInput!) { saveTemplate(input: $input) { id } }';
const PUBLISH = 'mutation Publish($id: ID!) { publishTemplate(id: $id) { publishedVersion } }';

test('subject, text and HTML are those of the template', async () => {
  const { operator, app } = platform;
  await operator.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: [{ id: 'ada', name: 'Ada <Lovelace> & Söhne', email: 'ada@example.org', locale: 'de' }],
  });
  await operator.data(SAVE, {
    input: {
      id: 'invoice',
      name: 'Invoice',
      contents: [
        {
          channel: 'EMAIL',
          title: 'Rechnung {{number}} – {{user.name}}',
          body: 'Hallo {{user.name}},\n\nbitte zahlen Sie {{total}}.\n',
          html: '<p>Hallo <b>{{user.name}}</b>, bitte zahlen Sie {{total}}.</p>',
        },
      ],
    },
  });
  await operator.data(PUBLISH, { id: 'invoice' });
  const { sendNotification } = await app.data<Sent>(SEND, {
    input: {
      template: 'invoice',
      data: { number: '7/24', total: '<script>alert(1)</script> 5 €' },
      to: [{ user: 'ada' }],
      channels: ['EMAIL'],
    },
  });

  const [mail] = await eventually(
    async () => arrived,
    (all) => expect(all).toHaveLength(1),
  );
  expect(mail).toMatchObject({ from: 'herald@example.com', to: ['ada@example.org'] });
  expect(mail?.mime.from).toEqual({ name: 'Grüße', address: 'herald@example.com' });
  expect(mail?.mime.to).toEqual([expect.objectContaining({ address: 'ada@example.org' })]);
  expect(mail?.mime.subject).toBe('Rechnung 7/24 – Ada <Lovelace> & Söhne');
  expect(mail?.mime.text?.trim()).toBe(
    'Hallo Ada <Lovelace> & Söhne,\n\nbitte zahlen Sie <script>alert(1)</script> 5 €.',
  );
  expect(mail?.mime.html?.trim()).toBe(
    '<p>Hallo <b>Ada &lt;Lovelace&gt; &amp; Söhne</b>, bitte zahlen Sie &lt;script&gt;alert(1)&lt;/script&gt; 5 €.</p>',
  );

  const { notification } = await eventually(
    () =>
      app.data<{ notification: { state: string; deliveries: { nodes: unknown[] } } }>(
        'query Delivered($id: ID!) { notification(id: $id) { state deliveries { nodes { channel state provider address } } } }',
        { id: sendNotification.notification.id },
      ),
    (answer) => expect(answer.notification.state).toBe('COMPLETED'),
  );
  expect(notification.deliveries.nodes).toEqual([
    { channel: 'EMAIL', state: 'SENT', provider: 'smtp', address: 'ada@example.org' },
  ]);
  expect(arrived).toHaveLength(1);
});
