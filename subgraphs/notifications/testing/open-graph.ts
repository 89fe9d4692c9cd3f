/** For tests: the subgraph as callers reach it, with users and templates beside it, on real data services. */
import { type ExecutionResult, execute, parse, subscribe } from 'graphql';
import type { Principal } from '../../../platform/auth/principal.ts';
import { loadSettings } from '../../../platform/config/settings.ts';
import { openConnections } from '../../../platform/lifecycle/connections.ts';
import { Shutdown } from '../../../platform/lifecycle/shutdown.ts';
import { createTemplatesSubgraph } from '../../templates/index.ts';
import { consoleAppId, createUsersSubgraph, openDirectory } from '../../users/index.ts';
import { createNotificationsSubgraph, openNotificationsStore, otpLimitsOf } from '../index.ts';
import { silent } from './open-store.ts';

/** HERALD_SECRET_KEY of the tests. */
export const TEST_SECRET_KEY = 'a-key-of-at-least-32-characters-1';

export const OLGA: Principal = {
  kind: 'operator',
  workspace: 'default',
  key: 'key_olga',
  name: 'Olga',
  root: true,
};
export const appPrincipal = (app: string): Principal => ({
  kind: 'app',
  workspace: 'default',
  app,
  key: 'key_app',
  ratePerSecond: 1_000,
});

/** What a caller is told about an error. */
export interface Told {
  readonly code: unknown;
  readonly field: unknown;
  readonly message: string;
}

export type OpenGraph = Awaited<ReturnType<typeof openGraph>>;

export async function openGraph(
  services: { mongodbUri: string; redisUrl: string; namespace: string },
  further: Readonly<Record<string, string>> = {},
) {
  const settings = loadSettings({
    MONGODB_URI: services.mongodbUri,
    REDIS_URL: services.redisUrl,
    HERALD_NAMESPACE: services.namespace,
    ...further,
  });
  const shutdown = new Shutdown();
  const connections = await openConnections(settings, silent, shutdown);
  const { mongo, redis, names, events, queues, bus } = connections;
  const common = { connection: mongo, redis, names, events, log: silent };
  // The dispatcher's, with models of its own on the same client.
  const store = await openNotificationsStore({ ...common, connection: mongo.useDb(mongo.name) });
  const users = await createUsersSubgraph({
    connection: mongo,
    bus,
    log: silent,
    jwtSecret: 'x'.repeat(32),
    vapidPublicKey: 'x',
  });
  const templates = await createTemplatesSubgraph({
    connection: mongo,
    bus,
    directory: openDirectory(mongo),
    log: silent,
  });
  await users.service.ensureWorkspace('default', 'Default');
  const { subgraph } = await createNotificationsSubgraph({
    ...common,
    subscriber: connections.further('subscriber'),
    blocking: connections.further('blocking'),
    queues,
    users: users.service,
    templates: templates.service,
    appInWhoseNameOperatorsSend: consoleAppId,
    chunkSize: 100,
    bus,
    secretKey: TEST_SECRET_KEY,
    otpLimits: otpLimitsOf(settings),
  });
  shutdown.onClose('notifications', () => subgraph.close());
  const schemas = {
    notifications: subgraph.schema,
    users: users.subgraph.schema,
    templates: templates.subgraph.schema,
  };

  const ask = async (
    principal: Principal | undefined,
    query: string,
    variables: Record<string, unknown>,
    room: keyof typeof schemas,
  ): Promise<ExecutionResult> =>
    execute({
      schema: schemas[room],
      document: parse(query),
      variableValues: variables,
      contextValue: { requestId: 'test', ...(principal && { principal }) },
    });
  return {
    settings,
    connections,
    store,
    users: users.service,
    templates: templates.service,
    /** @throws Error with the first error of the answer. */
    async run<T>(
      principal: Principal,
      query: string,
      variables: Record<string, unknown> = {},
      room: keyof typeof schemas = 'notifications',
    ): Promise<T> {
      const { data, errors } = await ask(principal, query, variables, room);
      if (errors?.[0]) throw errors[0];
      return data as T;
    },
    /** The error that the caller is told. @throws Error when there is none. */
    async refused(
      principal: Principal | undefined,
      query: string,
      variables: Record<string, unknown> = {},
    ): Promise<Told> {
      const { errors, data } = await ask(principal, query, variables, 'notifications');
      const [error] = errors ?? [];
      if (!error) throw new Error(`no error: ${JSON.stringify(data)}`);
      return { code: error.extensions.code, field: error.extensions.field, message: error.message };
    },
    async watch(principal: Principal, query: string): Promise<AsyncGenerator<ExecutionResult>> {
      const stream = await subscribe({
        schema: subgraph.schema,
        document: parse(query),
        contextValue: { requestId: 'test', principal },
      });
      if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream.errors));
      return stream;
    },
    shutdown,
    close: () => shutdown.close(silent),
  };
}
