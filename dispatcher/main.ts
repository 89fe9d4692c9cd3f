/** The dispatcher as a process of its own; under `npm start` with the scheduler in it. */
import { fastify } from 'fastify';
import { requiredSettings } from '../platform/config/required-settings.ts';
import type { Settings } from '../platform/config/settings.ts';
import { closeApp } from '../platform/http/close-app.ts';
import { registerHealth } from '../platform/http/health.ts';
import { openConnections } from '../platform/lifecycle/connections.ts';
import { isOn, type RunOptions } from '../platform/lifecycle/run-options.ts';
import { roleProcess } from '../platform/lifecycle/serve-role.ts';
import { SecretBox } from '../platform/secrets/secret-box.ts';
import { openNotificationsStore } from '../subgraphs/notifications/index.ts';
import { createTemplatesSubgraph } from '../subgraphs/templates/index.ts';
import { createUsersSubgraph, openDirectory } from '../subgraphs/users/index.ts';
import { startAccountTests } from './accounts/account-tests.ts';
import { StoredAccounts } from './accounts/stored-accounts.ts';
import { createProviders, type ProviderSet } from './channels/registry.ts';
import { registerUnsubscribe } from './consent/unsubscribe-route.ts';
import { accountDepsOf, deliveryTokensOf, startDispatcher, unsubscribeLinksOf } from './dispatcher.ts';
import { startReceiptListeners } from './receipts/receipt-listeners.ts';
import { registerReceipts } from './receipts/receipt-route.ts';
import { startAlerts } from './sweep/start-alerts.ts';
import { startDigests } from './sweep/start-digests.ts';
import { startSweeper } from './sweep/start-sweeper.ts';

/** @param sendBy the providers to send with in place of those that the settings configure: for benchmarks. */
export async function run(settings: Settings, options: RunOptions, sendBy?: ProviderSet): Promise<void> {
  const { HERALD_JWT_SECRET, HERALD_SECRET_KEY, VAPID_PUBLIC_KEY } = requiredSettings(
    settings,
    'HERALD_JWT_SECRET',
    'HERALD_SECRET_KEY',
    'VAPID_PUBLIC_KEY',
  );
  const { log, shutdown, address } = roleProcess('dispatcher', settings);
  const connections = await openConnections(settings, log, shutdown);
  const { mongo, bus, redis, names, events } = connections;
  const store = await openNotificationsStore({ connection: mongo, redis, names, events, log });
  const users = await createUsersSubgraph({
    connection: mongo,
    bus,
    log,
    jwtSecret: HERALD_JWT_SECRET,
    vapidPublicKey: VAPID_PUBLIC_KEY,
  });
  const templates = await createTemplatesSubgraph({
    connection: mongo,
    bus,
    directory: openDirectory(mongo),
    log,
  });
  if (options.mode === 'all') {
    startSweeper({ settings, connections, store, shutdown, log });
    startAlerts({ settings, store, shutdown });
    startDigests({ settings, connections, store, shutdown });
  }
  const box = new SecretBox(HERALD_SECRET_KEY);
  const accountDeps = accountDepsOf(connections, store, box, deliveryTokensOf(HERALD_SECRET_KEY), log);
  const providers =
    sendBy ??
    (await createProviders(settings, accountDeps, { sandbox: isOn(settings.HERALD_SANDBOX, options) }));
  const stored = new StoredAccounts({ store: store.providerAccounts, bus, box, accountDeps, log });
  await stored.start();
  const dispatcher = startDispatcher({
    settings,
    connections,
    store,
    users: users.service,
    templates: templates.service,
    providers,
    stored,
    log,
  });
  const tests = startAccountTests({
    store: store.providerAccounts,
    connections,
    box,
    accountDeps,
    providers,
    timeoutMs: settings.SEND_TIMEOUT_MS,
    log,
  });
  shutdown.onClose('provider tests', () => tests.close());
  shutdown.onClose('dispatcher', () => dispatcher.close());
  const app = fastify();
  registerHealth(app, {
    ready: async () => [...(await connections.problems()), ...dispatcher.problems()],
    shutdown,
  });
  const receiptsDeps = { store: store.receipts, users: users.service, log };
  registerReceipts(app, {
    providers: { account: (key) => providers.account(key) ?? stored.account(key) },
    ...receiptsDeps,
  });
  const listeners = startReceiptListeners({
    ...receiptsDeps,
    providers,
    stored,
    accounts: store.providerAccounts,
    connections,
  });
  // Before the dispatcher closes the providers.
  shutdown.onClose('receipt listeners', () => listeners.close());
  const links = unsubscribeLinksOf(settings);
  if (links) registerUnsubscribe(app, { links, outbox: store.outbox, users: users.service, log });
  shutdown.onClose('health', () => closeApp(app));
  // Beside a gateway, at the address where that one looks for it.
  const beside = {
    host: '127.0.0.1',
    port: settings.DISPATCHER_URL ? Number(new URL(settings.DISPATCHER_URL).port) : 0,
  };
  await app.listen(options.mode === 'all' ? beside : address);
}
