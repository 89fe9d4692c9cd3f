/** The gateway's process. */

import { requiredSettings } from '../platform/config/required-settings.ts';
import { DEFAULT_PORTS } from '../platform/config/roles.ts';
import type { Settings } from '../platform/config/settings.ts';
import { ruleFor } from '../platform/config/subgraph-rules.ts';
import { InvalidationBus } from '../platform/invalidation/invalidation-bus.ts';
import { openConnections } from '../platform/lifecycle/connections.ts';
import type { RunOptions, SupergraphFlags } from '../platform/lifecycle/run-options.ts';
import { type RoleProcess, roleProcess } from '../platform/lifecycle/serve-role.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { redisNames } from '../platform/names/redis-names.ts';
import { connectRedis } from '../platform/storage/redis.ts';
import { createGateway, type Gateway, type GatewayOptions, type GatewayPages } from './gateway.ts';
import { liveOptions } from './live-options.ts';
import { demoOptions } from './pages/demo-session.ts';
import { createPages } from './pages/pages.ts';
import { registerReceiptsProxy } from './receipts/receipts-proxy.ts';
import { polledSubgraphs } from './supergraph/polled-subgraphs.ts';
import { supergraphFile } from './supergraph/supergraph-file.ts';

interface Placed {
  readonly placement: GatewayOptions['placement'];
  readonly invalidations?: InvalidationBus;
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
    const { supergraph } = options;
    const foreign = supergraph?.auth === 'none';
    const placed = supergraph
      ? fromSupergraph(settings, supergraph, role)
      : options.mode === 'all'
        ? await inProcess(settings, options, role)
        : remote(settings, role);
    const gateway = await createGateway({
      ...placed,
      // Herald's pages ask Herald's graph; a graph of others has none.
      ...(foreign
        ? {}
        : {
            jwtSecret: requiredSettings(settings, 'HERALD_JWT_SECRET').HERALD_JWT_SECRET,
            pages: await ownPages(settings, options, log),
          }),
      bodyLimitBytes: settings.HTTP_BODY_LIMIT_BYTES,
      log,
      shutdown,
      ...liveOptions(settings),
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

/** Herald's pages, and the address for providers' receipts. */
async function ownPages(settings: Settings, options: RunOptions, log: Logger): Promise<GatewayPages> {
  const pages = await createPages({ demo: demoOptions(settings, options) });
  return {
    ...pages,
    async register(app) {
      await pages.register(app);
      registerReceiptsProxy(app, {
        dispatcherUrl: settings.DISPATCHER_URL ?? `http://127.0.0.1:${DEFAULT_PORTS.dispatcher}`,
        publicUrl: settings.HERALD_PUBLIC_URL,
        log,
      });
    },
  };
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

/** A supergraph of others, or one that has Herald's subgraphs among its own. */
function fromSupergraph(settings: Settings, flags: SupergraphFlags, role: RoleProcess): Placed {
  const { from, auth } = flags;
  const rules = settings.SUBGRAPHS;
  const supergraph =
    'file' in from
      ? supergraphFile(from.file, role.log)
      : polledSubgraphs(from.subgraphs, role.log, { headers: (name) => ruleFor(rules, name).setHeaders });
  const placement = { kind: 'supergraph', supergraph, rules, auth } as const;
  if (auth === 'none') return { placement };
  const { HERALD_GATEWAY_SECRET } = requiredSettings(settings, 'HERALD_GATEWAY_SECRET');
  return {
    placement: { ...placement, gatewaySecret: HERALD_GATEWAY_SECRET },
    invalidations: invalidationsOf(settings, role),
  };
}

function remote(settings: Settings, role: RoleProcess): Placed {
  const { HERALD_GATEWAY_SECRET } = requiredSettings(settings, 'HERALD_GATEWAY_SECRET');
  return {
    invalidations: invalidationsOf(settings, role),
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

function invalidationsOf(settings: Settings, { log, shutdown }: RoleProcess): InvalidationBus {
  const { REDIS_URL } = requiredSettings(settings, 'REDIS_URL');
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
  return invalidations;
}
