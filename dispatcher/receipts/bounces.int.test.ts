/**
 * From a sent e-mail to the bounce in a mailbox (Dovecot) and the suppression: an account of the settings, and one of
 * a workspace. Skipped where Dovecot is not installed.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../platform/config/settings.ts';
import { SecretBox } from '../../platform/secrets/secret-box.ts';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import {
  OLGA,
  type OpenGraph,
  openGraph,
  TEST_SECRET_KEY,
} from '../../subgraphs/notifications/testing/open-graph.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { StoredAccounts } from '../accounts/stored-accounts.ts';
import { createProviders } from '../channels/registry.ts';
import { Dovecot, hasDovecot } from '../channels/smtp/testing/dovecot.ts';
import { gmail, postfix } from '../channels/smtp/testing/reports.ts';
import { accountDepsOf, deliveryTokensOf, startDispatcher } from '../dispatcher.ts';
import { startReceiptListeners } from './receipt-listeners.ts';
import { receiptListening } from './receipt-metrics.ts';

const services = freshDatabase();

describe.skipIf(!hasDovecot())('bounces', () => {
  let graph: OpenGraph;
  let ofSettings: Dovecot;
  let ofWorkspace: Dovecot;
  /** Message-IDs of what was sent, by address, without the brackets and the domain. */
  const sent = new Map<string, string>();
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    async onData(stream, session, done) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const { messageId = '' } = await PostalMime.parse(Buffer.concat(chunks));
      sent.set(session.envelope.rcptTo[0]?.address ?? '', messageId.replace(/^<|@.*$/g, ''));
      done();
    },
  });
  let smtpUrl = '';

  beforeAll(async () => {
    [ofSettings, ofWorkspace] = await Promise.all([Dovecot.start(), Dovecot.start()]);
    await once(smtp.listen(0, '127.0.0.1'), 'listening');
    smtpUrl = `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`;
    graph = await openGraph(services, { SEND_MAX_ATTEMPTS: '1', SEND_TIMEOUT_MS: '60000' });
    const { connections, store, shutdown, users } = graph;
    const box = new SecretBox(TEST_SECRET_KEY);
    const accountDeps = accountDepsOf(connections, store, box, deliveryTokensOf(TEST_SECRET_KEY), silent);
    const settings = loadSettings({ SMTP_URL: smtpUrl, SMTP_BOUNCES_URL: ofSettings.url() });
    const providers = await createProviders(settings, accountDeps, { sandbox: false });
    const stored = new StoredAccounts({
      store: store.providerAccounts,
      bus: connections.bus,
      box,
      accountDeps,
      log: silent,
    });
    await stored.start();
    const dispatcher = startDispatcher({ ...graph, providers, stored, log: silent });
    shutdown.onClose('dispatcher', () => dispatcher.close());
    const listeners = startReceiptListeners({
      providers,
      stored,
      store: store.receipts,
      users,
      accounts: store.providerAccounts,
      connections,
      log: silent,
      lookAgainMs: [200],
      times: { everyMs: 100, lastsMs: 2_000, firstPauseMs: 100, longestPauseMs: 500, endMs: 2_000 },
    });
    shutdown.onClose('listeners', () => listeners.close());
  });
  afterAll(async () => {
    await graph?.close();
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
    await Promise.all([ofSettings?.remove(), ofWorkspace?.remove()]);
  });
  beforeEach(() => sent.clear());

  async function send(address: string): Promise<DeliveryRecord> {
    const { sendNotification } = await graph.run<{ sendNotification: { notification: { id: string } } }>(
      OLGA,
      'mutation ($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }',
      { i: { to: [{ channel: 'EMAIL', address }], content: { title: 't', body: 'b' } } },
    );
    const { id } = sendNotification.notification;
    const { mongo } = graph.connections;
    const stateOf = async () =>
      (await mongo.collection<NotificationRecord>('notifications').findOne({ _id: id }))?.state;
    await expect.poll(stateOf).toBe('COMPLETED');
    const delivery = await mongo.collection<DeliveryRecord>('deliveries').findOne({ notification: id });
    if (!delivery) throw new Error('no delivery');
    return delivery;
  }
  const stateOf = async ({ _id }: DeliveryRecord) =>
    (await graph.connections.mongo.collection<DeliveryRecord>('deliveries').findOne({ _id }))?.state;
  const save = (changes: object) =>
    graph.run(OLGA, 'mutation ($i: ProviderAccountInput!) { saveProviderAccount(input: $i) { id } }', {
      i: { id: 'own', provider: 'smtp', ...changes },
    });
  const problem = async () => {
    const { providerAccounts } = await graph.run<{ providerAccounts: { receiptsProblem: string | null }[] }>(
      OLGA,
      '{ providerAccounts { receiptsProblem } }',
    );
    return providerAccounts[0]?.receiptsProblem;
  };

  it('of an account of the settings end the delivery and the next one', async () => {
    const delivery = await send('ann@example.org');
    expect(delivery).toMatchObject({ state: 'SENT', provider: 'smtp' });
    const token = sent.get('ann@example.org') ?? '';
    expect(token).toContain(delivery._id);
    // One that is made up is believed nothing.
    await ofSettings.deliver(gmail(`${delivery._id}.${'x'.repeat(22)}`));
    await expect.poll(() => ofSettings.flags()).toEqual(['S']);
    expect(await stateOf(delivery)).toBe('SENT');
    await ofSettings.deliver(gmail(token));
    await expect.poll(() => stateOf(delivery)).toBe('FAILED');
    await expect.poll(() => ofSettings.flags()).toEqual(['S', 'S']);
    expect(await send('ann@example.org')).toMatchObject({ state: 'SKIPPED', skipReason: 'SUPPRESSED' });
  });

  it('of an account of a workspace as well, which is listened to as it is changed', async () => {
    const config = { url: smtpUrl, from: 'own@example.com' };
    await save({ config: { ...config, bounces: ofWorkspace.url({ folder: 'Nowhere' }) } });
    await expect.poll(problem).toMatch(/mailbox of bounces/);
    await save({ config: { ...config, bounces: ofWorkspace.url(), bouncesAfterwards: 'delete' } });
    await expect.poll(problem).toBeNull();
    const delivery = await send('bob@example.org');
    expect(delivery).toMatchObject({ state: 'SENT', provider: 'own' });
    const token = sent.get('bob@example.org') ?? '';
    // Another account's mailbox is not to be believed.
    await ofSettings.deliver(postfix(token, { action: 'failed', status: '5.2.2' }));
    await expect.poll(async () => (await ofSettings.flags()).includes('')).toBe(false);
    expect(await stateOf(delivery)).toBe('SENT');
    await ofWorkspace.deliver(postfix(token, { action: 'failed', status: '5.2.2' }));
    await expect.poll(() => stateOf(delivery)).toBe('FAILED');
    await expect.poll(() => ofWorkspace.flags()).toEqual([]);
    // A full mailbox is no dead address.
    const next = await send('bob@example.org');
    expect(next).toMatchObject({ state: 'SENT' });
    await graph.run(OLGA, 'mutation { setProviderAccountEnabled(id: "own", enabled: false) { id } }');
    await expect.poll(() => connectionsTo('own')).toBe(0);
    await ofWorkspace.deliver(
      postfix(sent.get('bob@example.org') ?? '', { action: 'failed', status: '5.1.1' }),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await ofWorkspace.flags()).toEqual(['']);
    expect(await stateOf(next)).toBe('SENT');
  });

  /** The gauge of the listener. */
  async function connectionsTo(account: string): Promise<number | undefined> {
    const { values } = await receiptListening.get();
    return values.find(({ labels }) => labels.account === `default.${account}`)?.value;
  }
});
