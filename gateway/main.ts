/** The gateway's process. */

import { requiredSettings } from '../platform/config/required-settings.ts';
import type { Settings } from '../platform/config/settings.ts';
import { InvalidationBus } from '../platform/invalidation/invalidation-bus.ts';
import { openConnections } from '../platform/lifecycle/connections.ts';
import type { RunOptions } from '../platform/lifecycle/run-options.ts';
import { type RoleProcess, roleProcess } from '../platform/lifecycle/serve-role.ts';
import { redisNames } from '../platform/names/redis-names.ts';
import { connectRedis } from '../platform/storage/redis.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { liveOptions } from './live-options.ts';
import { demoOptions } from './pages/demo-session.ts';
import { createPages } from './pages/pages.ts';
import type { SubgraphPlacement } from './subgraph-sources/subgraph-sources.ts';

interface Placed {
  readonly placement: SubgraphPlacement;
  readonly invalidations: InvalidationBus;
  problems?(): Promise<readonly string[]>;
}

/**
 * Starts the gateway and listens until the process is told to end. Mode `all` runs the subgraphs inside this
 * process, `single` calls them over HTTP.
 * @throws SettingsError naming what is missing; CompositionError when the subgraphs do not fit together.
 */
export async function run(settings: Settings, options: RunOptions): Promise<Gateway> {
  const role = roleProcess('gateway', settings);
  const { log, shutdown, address } = role;
  try {
    const { HERALD_JWT_SECRET } = requiredSettings(settings, 'HERALD_JWT_SECRET');
    const placed = options.mode === 'all' ? await inProcess(settings, options, role) : remote(settings, role);
    const gateway = await createGateway({
      ...placed,
      jwtSecret: HERALD_JWT_SECRET,
      bodyLimitBytes: settings.HTTP_BODY_LIMIT_BYTES,
      log,
      shutdown,
      ...liveOptions(settings),
      pages: await createPages({ demo: demoOptions(settings, options) }),
    });
    shutdown.onClose('gateway', () => gateway.close());
    const url = await gateway.app.listen(address);
    log.info({ url: `${url}/graphql`, mode: options.mode }, 'gateway listening');
    return gateway;
  } catch (error) {
    await shutdown.close(log);
    throw error;
  }
}

async function inProcess(
  settings: Settings,
  options: RunOptions,
  { log, shutdown }: RoleProcess,
): Promise<Placed> {
  const connections = await openConnections(settings, log, shutdown);
  // Loaded only here: a gateway alone needs no models.
  const { createInProcessSubgraphs } = await import('./in-process-subgraphs.ts');
  const subgraphs = await createInProcessSubgraphs(settings, options, connections, log);
  for (const subgraph of subgraphs) shutdown.onClose(`the ${subgraph.name} subgraph`, () => subgraph.close());
  return {
    placement: { kind: 'in-process', subgraphs },
    invalidations: connections.bus,
    problems: () => connections.storeProblems(),
  };
}

function remote(settings: Settings, { log, shutdown }: RoleProcess): Placed {
  const { HERALD_GATEWAY_SECRET, REDIS_URL } = requiredSettings(
    settings,
    'HERALD_GATEWAY_SECRET',
    'REDIS_URL',
  );
  const publisher = connectRedis(REDIS_URL, 'commands', log);
  const subscriber = connectRedis(REDIS_URL, 'subscriber', log);
  shutdown.onClose('Redis', () => {
    publisher.disconnect();
    subscriber.disconnect();
  });
  const invalidations = new InvalidationBus(
    publisher,
    subscriber,
    redisNames(settings.HERALD_NAMESPACE).invalidations,
    log,
  );
  // Not waited for: without its messages the caches still have their maximum age, and the graph can be served.
  invalidations.start().catch((error: unknown) => {
    if (!shutdown.started) log.error({ err: error }, 'invalidation: not listening');
  });
  return {
    invalidations,
    placement: {
      kind: 'remote',
      gatewaySecret: HERALD_GATEWAY_SECRET,
      urls: {
        notifications: settings.NOTIFICATIONS_URL,
        templates: settings.TEMPLATES_URL,
        users: settings.USERS_URL,
        analytics: settings.ANALYTICS_URL,
      },
    },
  };
}
