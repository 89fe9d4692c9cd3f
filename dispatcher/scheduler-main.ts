/** The scheduler as a process of its own: it brings back what is due. Several may run; one at a time works. */
import { fastify } from 'fastify';
import type { Settings } from '../platform/config/settings.ts';
import { closeApp } from '../platform/http/close-app.ts';
import { registerHealth } from '../platform/http/health.ts';
import { openConnections } from '../platform/lifecycle/connections.ts';
import type { RunOptions } from '../platform/lifecycle/run-options.ts';
import { roleProcess } from '../platform/lifecycle/serve-role.ts';
import { openNotificationsStore } from '../subgraphs/notifications/index.ts';
import { startAlerts } from './sweep/start-alerts.ts';
import { startDigests } from './sweep/start-digests.ts';
import { startSweeper } from './sweep/start-sweeper.ts';

export async function run(settings: Settings, _options: RunOptions): Promise<void> {
  const { log, shutdown, address } = roleProcess('scheduler', settings);
  const connections = await openConnections(settings, log, shutdown);
  const { mongo, redis, names, events, queues } = connections;
  const store = await openNotificationsStore({ connection: mongo, redis, names, events, queues, log });
  startSweeper({ settings, connections, store, shutdown, log });
  startAlerts({ settings, store, shutdown });
  startDigests({ settings, connections, store, shutdown });
  const app = fastify();
  registerHealth(app, { ready: connections.problems, shutdown });
  shutdown.onClose('health', () => closeApp(app));
  await app.listen(address);
}
