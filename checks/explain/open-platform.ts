/** All rooms in one process, as a benchmark or a check needs them: the real services on real data services. */
import type { ExecutionResult } from 'graphql';
import mongoose from 'mongoose';
import { pino } from 'pino';
import type { Principal } from '../../platform/auth/principal.ts';
import { EventLog } from '../../platform/event-log/event-log.ts';
import { SubgraphExecutor } from '../../platform/graphql/subgraph-executor.ts';
import { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import { redisNames } from '../../platform/names/redis-names.ts';
import { DispatchQueues } from '../../platform/queues/queues.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { createAnalyticsSubgraph } from '../../subgraphs/analytics/index.ts';
import { createNotificationsSubgraph, openNotificationsStore } from '../../subgraphs/notifications/index.ts';
import { createTemplatesSubgraph } from '../../subgraphs/templates/index.ts';
import { consoleAppId, createUsersSubgraph, openDirectory } from '../../subgraphs/users/index.ts';

export interface Services {
  readonly mongodbUri: string;
  readonly redisUrl: string;
  readonly namespace: string;
}

export const WORKSPACE = 'default';
export const OPERATOR: Principal = {
  kind: 'operator',
  workspace: WORKSPACE,
  key: 'key_operator',
  name: 'Olga',
  root: true,
};

export type OpenPlatform = Awaited<ReturnType<typeof openPlatform>>;

/**
 * @param options.monitorCommands whether listeners of the client hear of every command (it costs time).
 * @param options.fold whether counts are kept up to date.
 */
export async function openPlatform(
  services: Services,
  options: { readonly monitorCommands?: boolean; readonly fold?: boolean } = {},
) {
  const log = pino({ level: 'silent' });
  const connection = await mongoose
    .createConnection(services.mongodbUri, {
      monitorCommands: options.monitorCommands ?? false,
      autoIndex: false,
      autoCreate: false,
      ...(new URL(services.mongodbUri).pathname.length > 1 ? {} : { dbName: services.namespace }),
      writeConcern: { w: 'majority', j: true },
    })
    .asPromise();
  const redis = connectRedis(services.redisUrl, 'commands', log);
  const [busSubscriber, subscriber] = [1, 2].map(() => connectRedis(services.redisUrl, 'subscriber', log));
  const blocking = connectRedis(services.redisUrl, 'blocking', log);
  if (!busSubscriber || !subscriber) throw new Error('no connections');
  const all = [redis, busSubscriber, subscriber, blocking];
  await Promise.all(all.map((r) => whenReady(r)));
  const names = redisNames(services.namespace);
  const events = new EventLog(redis, names.events, log);
  const bus = new InvalidationBus(redis, busSubscriber, names.invalidations, log);
  await bus.start();
  const queues = new DispatchQueues(redis, names.queuePrefix);
  const common = { connection, redis, names, log };
  // The dispatcher's, with models of its own on the same client.
  const store = await openNotificationsStore({
    ...common,
    connection: connection.useDb(connection.name),
    events,
  });
  const users = await createUsersSubgraph({
    connection,
    bus,
    log,
    jwtSecret: 'a-secret-of-at-least-32-characters!',
    vapidPublicKey: 'v',
  });
  const templates = await createTemplatesSubgraph({
    connection,
    bus,
    directory: openDirectory(connection),
    log,
  });
  const analytics = await createAnalyticsSubgraph({ ...common, fold: options.fold ?? false });
  const notifications = await createNotificationsSubgraph({
    ...common,
    subscriber,
    blocking,
    events,
    queues,
    users: users.service,
    templates: templates.service,
    appInWhoseNameOperatorsSend: consoleAppId,
    chunkSize: 100,
    bus,
    secretKey: 'a-secret-of-at-least-32-characters!',
  });
  const rooms = [users, templates, analytics, notifications].map(({ subgraph }) => subgraph);
  const executors = new Map(rooms.map(({ name, schema }) => [name, new SubgraphExecutor(schema, log)]));
  return {
    connection,
    store,
    users: users.service,
    events,
    /** Runs an operation of one subgraph. @throws Error when there is an error in the answer. */
    async run<T>(
      room: 'users' | 'templates' | 'analytics' | 'notifications',
      query: string,
      variables: Record<string, unknown> = {},
      principal: Principal = OPERATOR,
    ): Promise<T> {
      const executor = executors.get(room);
      if (!executor) throw new Error(`no subgraph ${room}`);
      const answer: ExecutionResult = await executor.execute(
        { query, variables },
        { requestId: 'check', principal },
      );
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      return answer.data as T;
    },
    async close(): Promise<void> {
      for (const room of rooms) await room.close();
      await queues.close();
      for (const r of all) r.disconnect();
      await connection.close();
    },
  };
}
