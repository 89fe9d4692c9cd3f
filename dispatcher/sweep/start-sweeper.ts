/** Starts the sweeper of a process. */
import type { Settings } from '../../platform/config/settings.ts';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import type { Shutdown } from '../../platform/lifecycle/shutdown.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { FencedLock } from '../../platform/storage/fenced-lock.ts';
import { RedisLock } from '../../platform/storage/redis-lock.ts';
import type { NotificationsStore } from '../../subgraphs/notifications/index.ts';
import { HOLD_MS } from '../taken-job.ts';
import { QueueHistory } from './queue-history.ts';
import { Sweeper } from './sweeper.ts';

export function startSweeper(deps: {
  settings: Settings;
  connections: Connections;
  store: NotificationsStore;
  shutdown: Shutdown;
  log: Logger;
}): void {
  const { settings, connections, store, shutdown, log } = deps;
  const sweeper = new Sweeper({
    outbox: store.outbox,
    queues: connections.queues,
    history: new QueueHistory({ queues: connections.queues, holdMs: HOLD_MS, log }),
    // Another process takes over this long after this one has died.
    lock: new FencedLock(
      new RedisLock(
        connections.redis,
        connections.names.lock('sweeper'),
        3 * settings.SWEEP_INTERVAL_MS + 2_000,
      ),
      connections.mongo,
      'sweeper',
    ),
    chunkSize: settings.DISPATCH_CHUNK_SIZE,
    intervalMs: settings.SWEEP_INTERVAL_MS,
    log,
  });
  sweeper.start();
  shutdown.onClose('sweeper', () => sweeper.close());
}
