/** Starts the digests of a process, beside its sweeper. */
import type { Settings } from '../../platform/config/settings.ts';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import type { Shutdown } from '../../platform/lifecycle/shutdown.ts';
import type { NotificationsStore } from '../../subgraphs/notifications/index.ts';

export function startDigests(deps: {
  settings: Settings;
  connections: Pick<Connections, 'queues'>;
  store: NotificationsStore;
  shutdown: Shutdown;
}): void {
  const { settings, connections, store, shutdown } = deps;
  const digests = store.startDigests(connections.queues, settings.DISPATCH_CHUNK_SIZE);
  shutdown.onClose('digests', () => digests.close());
}
