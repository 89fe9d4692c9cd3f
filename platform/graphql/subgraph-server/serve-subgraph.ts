/** Runs one subgraph as a process of its own. */
import { requiredSettings } from '../../config/required-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { type Connections, openConnections } from '../../lifecycle/connections.ts';
import { roleProcess } from '../../lifecycle/serve-role.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Subgraph, SubgraphName } from '../subgraph.ts';
import { createSubgraphServer } from './subgraph-server.ts';

/**
 * Opens the data services, makes the subgraph, serves it until SIGTERM.
 * @throws what `open` throws, SettingsError without HERALD_GATEWAY_SECRET.
 */
export async function serveSubgraph(
  name: SubgraphName,
  settings: Settings,
  open: (connections: Connections, log: Logger) => Promise<Subgraph>,
): Promise<void> {
  const { HERALD_GATEWAY_SECRET } = requiredSettings(settings, 'HERALD_GATEWAY_SECRET');
  const { log, shutdown, address } = roleProcess(name, settings);
  const connections = await openConnections(settings, log, shutdown);
  const subgraph = await open(connections, log);
  shutdown.onClose('subgraph', () => subgraph.close());
  const server = createSubgraphServer({
    subgraph,
    gatewaySecret: HERALD_GATEWAY_SECRET,
    log,
    shutdown,
    problems: connections.storeProblems,
    bodyLimitBytes: settings.HTTP_BODY_LIMIT_BYTES,
  });
  shutdown.onClose('server', () => server.close());
  await server.listen(address);
}
