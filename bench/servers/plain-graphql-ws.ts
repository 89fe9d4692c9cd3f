/**
 * The yardstick of the live benchmark: graphql-ws as its documentation sets it up, without federation. Events come
 * from Herald's own event log and the user behind each from Herald's own users subgraph, both in this process as in
 * the gateway's: what differs is that each subscriber has its event executed and its user fetched by itself.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { localSource } from '../../gateway/subgraph-sources/local-source.ts';
import type { OperatorPrincipal, RequestContext } from '../../platform/auth/principal.ts';
import { requiredSettings } from '../../platform/config/required-settings.ts';
import { loadSettings } from '../../platform/config/settings.ts';
import { openConnections } from '../../platform/lifecycle/connections.ts';
import { settleMemory } from '../../platform/lifecycle/settle-memory.ts';
import { Shutdown } from '../../platform/lifecycle/shutdown.ts';
import { createLogger } from '../../platform/logging/logger.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';
import { createNotificationsSubgraph, queueLimitsOf } from '../../subgraphs/notifications/index.ts';
import { type AsyncQueue, asyncQueue } from '../../subgraphs/notifications/live/async-queue.ts';
import { createTemplatesSubgraph } from '../../subgraphs/templates/index.ts';
import { consoleAppId, createUsersSubgraph, openDirectory } from '../../subgraphs/users/index.ts';

interface Delivery {
  readonly id: string;
  readonly state: string;
  readonly user: { readonly id: string };
}

const settings = loadSettings(process.env);
const secrets = requiredSettings(settings, 'HERALD_JWT_SECRET', 'VAPID_PUBLIC_KEY');
const log = createLogger({ level: settings.LOG_LEVEL, role: 'plain' });
const shutdown = new Shutdown();
const connections = await openConnections(settings, log, shutdown);
const { mongo, bus, redis, names, events, queues } = connections;
const users = await createUsersSubgraph({
  connection: mongo,
  bus,
  log,
  jwtSecret: secrets.HERALD_JWT_SECRET,
  vapidPublicKey: secrets.VAPID_PUBLIC_KEY,
});
const templates = await createTemplatesSubgraph({
  connection: mongo,
  bus,
  directory: openDirectory(mongo),
  log,
});
const notifications = await createNotificationsSubgraph({
  connection: mongo,
  redis,
  subscriber: connections.further('subscriber'),
  blocking: connections.further('blocking'),
  names,
  events,
  queues,
  users: users.service,
  templates: templates.service,
  appInWhoseNameOperatorsSend: consoleAppId,
  chunkSize: settings.DISPATCH_CHUNK_SIZE,
  queueLimits: queueLimitsOf(settings),
  bus,
  secretKey: secrets.HERALD_JWT_SECRET,
  log,
});
const feed = localSource(notifications.subgraph, log);
const people = localSource(users.subgraph, log);

const principal: OperatorPrincipal = {
  kind: 'operator',
  workspace: DEFAULT_WORKSPACE,
  key: 'bench',
  name: 'bench',
  root: true,
};
/** A new one for each fetch, as the gateway makes a new one for each event: DataLoaders hang on it. */
const newContext = (): RequestContext => ({ requestId: 'bench', principal });

const ENTITY =
  'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { name } } }';

async function entity(id: string): Promise<{ name: string | null } | undefined> {
  const { data, errors } = await people.execute(
    { query: ENTITY, variables: { representations: [{ __typename: 'User', id }] } },
    newContext(),
  );
  if (errors) throw errors[0];
  return (data as { _entities: ({ name: string | null } | undefined)[] })._entities[0];
}

/** An event as a root value: graphql-js calls `user` once per execution, as it would call a resolver. */
interface LiveEvent {
  readonly deliveryUpdated: Omit<Delivery, 'user'> & { user(): ReturnType<typeof entity> };
}

/** What graphql-subscriptions' PubSub does: hands every event to each subscriber's queue. */
const subscribers = new Map<AsyncQueue<LiveEvent>, readonly string[] | undefined>();
const MAX_WAITING = 1_000;

const schema = buildSchema(`
  type Query { ok: Boolean }
  type Subscription { deliveryUpdated(states: [DeliveryState!]): Delivery! }
  enum DeliveryState { QUEUED SENT DELIVERED FAILED SKIPPED EXPIRED CANCELED }
  type Delivery { id: ID! state: DeliveryState! user: User }
  type User { name: String }`);

const subscription = {
  deliveryUpdated: ({ states }: { states?: readonly string[] }) => {
    const queue: AsyncQueue<LiveEvent> = asyncQueue(
      () => subscribers.delete(queue),
      MAX_WAITING,
      () => new Error('too slow'),
    );
    subscribers.set(queue, states);
    return queue;
  },
};

async function follow(): Promise<void> {
  const stream = await feed.subscribe(
    { query: 'subscription { deliveryUpdated { id state user { id } } }' },
    newContext(),
  );
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream.errors));
  for await (const { data, errors } of stream) {
    if (errors) throw errors[0];
    const delivery = (data as { deliveryUpdated: Delivery }).deliveryUpdated;
    const event = { deliveryUpdated: { ...delivery, user: () => entity(delivery.user.id) } };
    for (const [queue, states] of subscribers)
      if (!states || states.includes(delivery.state)) queue.push(event);
  }
}
follow().catch((error: unknown) => {
  log.error({ err: error }, 'the feed ended');
  process.exit(1);
});

const server = createServer();
useServer({ schema, roots: { subscription } }, new WebSocketServer({ server, path: '/graphql' }));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('message', () => {
  settleMemory();
  process.send?.({ settled: true });
});
settleMemory();
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
