/** Puts the dispatcher together: providers, plan and send steps, workers. */
import type { Settings } from '../platform/config/settings.ts';
import { CHANNELS, type Channel, PRIORITIES } from '../platform/graphql/contract-enums.ts';
import type { Connections } from '../platform/lifecycle/connections.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { enqueueSends, type QueuedDelivery } from '../platform/queues/enqueue-sends.ts';
import type { NotificationsStore } from '../subgraphs/notifications/index.ts';
import type { TemplatesService } from '../subgraphs/templates/index.ts';
import type { UsersService } from '../subgraphs/users/index.ts';
import { createProviders, type ProviderSet } from './channels/registry.ts';
import { type Enqueue, Planner } from './plan/planner.ts';
import { Sender } from './send/sender.ts';
import { type Planners, startWorkers } from './workers.ts';

export interface Dispatcher {
  /** Finishes the jobs in hand, then lets go of the providers. */
  close(): Promise<void>;
}

/** The providers that the settings configure, over this installation's store. */
export function providersOf(
  settings: Settings,
  store: NotificationsStore,
  sandbox: boolean,
  log: Logger,
): ProviderSet {
  return createProviders(
    settings,
    {
      log,
      now: () => new Date(),
      keepSandboxMessage: (message, at) =>
        store.sandbox.keep(message.workspace, {
          id: message.delivery,
          at,
          channel: message.channel,
          address: message.address,
          notification: message.notification,
          body: message.body,
          ...(message.title !== undefined && { title: message.title }),
          ...(message.html !== undefined && { html: message.html }),
          ...(message.url !== undefined && { url: message.url }),
        }),
    },
    { sandbox },
  );
}

export function startDispatcher(deps: {
  settings: Settings;
  connections: Connections;
  store: NotificationsStore;
  users: UsersService;
  templates: TemplatesService;
  providers: ProviderSet;
  log: Logger;
}): Dispatcher {
  const { settings, connections, store, users, templates, providers, log } = deps;
  const configured = new Set<Channel>(['IN_APP', ...(Object.keys(providers.describe()) as Channel[])]);
  const enqueue: Enqueue = async (deliveries: readonly QueuedDelivery[]) => {
    try {
      await enqueueSends(connections.queues, deliveries, settings.DISPATCH_CHUNK_SIZE);
    } catch (error) {
      // They are stored with the time of their next look: the sweeper queues them when Redis is back.
      log.warn({ err: error, deliveries: deliveries.length }, 'deliveries not queued: left to the sweeper');
    }
  };
  const planner = () => new Planner({ outbox: store.outbox, users, templates, configured, enqueue, log });
  const planners = Object.fromEntries(PRIORITIES.map((priority) => [priority, planner()])) as Planners;
  const senders = new Map(
    CHANNELS.filter((channel) => channel !== 'IN_APP').map((channel) => [
      channel,
      new Sender({
        outbox: store.outbox,
        users,
        providers,
        policy: {
          maxAttempts: settings.SEND_MAX_ATTEMPTS,
          baseMs: settings.SEND_RETRY_BASE_MS,
          maxMs: settings.SEND_RETRY_MAX_MS,
        },
        timeoutMs: settings.SEND_TIMEOUT_MS,
        parallel: providers.forChannel(channel)?.provider.concurrency,
        enqueue,
        log,
      }),
    ]),
  );
  const workers = startWorkers({
    blocking: connections.further('blocking'),
    prefix: connections.names.queuePrefix,
    concurrency: settings.DISPATCH_CONCURRENCY,
    planners,
    senders,
    log,
  });
  log.info({ channels: providers.describe() }, 'dispatcher started');
  return {
    close: async () => {
      await workers.close();
      for (const sender of senders.values()) sender.close();
      await providers.close();
    },
  };
}
