/** What a scenario happens to: data services, links, provider and Herald's roles, each a process of its own. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import mongoose, { type Connection } from 'mongoose';
import { call } from '../../bench/measure/graph.ts';
import { processEnvironment } from '../../platform/config/environment.ts';
import { loadSettings } from '../../platform/config/settings.ts';
import { provideSecrets } from '../../platform/secrets/secrets.ts';
import { Cluster } from '../cluster/cluster.ts';
import { closeLinks, type Links, startLinks } from '../links/links.ts';
import { phoneOf, USERS, userName } from '../load/mix.ts';
import { type ProviderStub, startProviderStub } from '../provider/provider-stub.ts';
import { DEFAULT_SHAPE, type Scenario } from '../scenario.ts';
import { startMongo } from '../services/mongo.ts';
import { startRedis } from '../services/redis.ts';
import type { DataService } from '../services/service.ts';

export interface Platform {
  readonly mongo: DataService;
  readonly redis: DataService;
  readonly provider: ProviderStub;
  readonly links: Links;
  readonly cluster: Cluster;
  /** The store, past every link. */
  readonly store: Connection;
  /** The load's app. */
  readonly app: { readonly id: string; readonly apiKey: string };
  /** Of the first operator. */
  readonly operatorKey: string;
  close(): Promise<void>;
}

/** What of a scenario the platform is staged by. */
export type Staging = Pick<Scenario, 'shape' | 'env' | 'services' | 'prepare'>;

/** Shorter than in production, so that a run drains while somebody waits; their meaning is the same. */
const QUICK = { SEND_RETRY_BASE_MS: '300', SEND_RETRY_MAX_MS: '5000', SEND_TIMEOUT_MS: '5000' };

/** @param dir an existing folder of its own. @throws what does not start. */
export async function startPlatform(dir: string, scenario: Staging): Promise<Platform> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    const errors: unknown[] = [];
    for (const step of closing.toReversed()) await step().catch((error: unknown) => errors.push(error));
    if (errors.length > 0)
      throw new AggregateError(errors, `not all of the platform ended: ${errors.join('; ')}`);
  };
  try {
    const places = { ...scenario.services, ...(await scenario.prepare?.(dir)) };
    const [mongo, redis, provider] = await Promise.all([
      startMongo({
        dir: join(dir, 'mongo'),
        ...(places.mongoDir !== undefined && { dataPath: places.mongoDir }),
      }),
      startRedis({
        dir: join(dir, 'redis'),
        ...(places.redisDir !== undefined && { dataPath: places.redisDir }),
      }),
      startProviderStub({ dir: join(dir, 'provider') }),
    ]);
    closing.push(
      () => mongo.stop(),
      () => redis.stop(),
      () => provider.stop(),
    );
    const links = await startLinks({ mongo: mongo.port, redis: redis.port });
    closing.push(() => closeLinks(links));
    const { values } = await provideSecrets(dir, loadSettings({}));
    const { PATH = '', HOME = '' } = processEnvironment();
    const logDir = join(dir, 'logs');
    await mkdir(logDir);
    const cluster = await Cluster.start({
      shape: { ...DEFAULT_SHAPE, ...scenario.shape },
      env: {
        PATH,
        HOME,
        ...values,
        SMTP_URL: provider.smtpUrl,
        WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
        HERALD_SANDBOX: 'off',
        HERALD_DEMO: 'off',
        NODE_ENV: 'production',
        ...QUICK,
      },
      envOf: (role, index) => ({
        MONGODB_URI: mongo.uriAt(links[`${role}-mongo`].port),
        REDIS_URL: redis.uriAt(links[`${role}-redis`].port),
        ...scenario.env?.(role, index),
      }),
      logDir,
    });
    closing.push(() => cluster.close());
    const store = await mongoose
      .createConnection(mongo.uri, {
        dbName: 'herald',
        serverSelectionTimeoutMS: 1_000,
        socketTimeoutMS: 10_000,
        autoIndex: false,
        autoCreate: false,
      })
      .asPromise();
    closing.push(() => store.close(true));
    const operatorKey = values.HERALD_ADMIN_KEY;
    const app = await setUp(cluster.the('gateway').url, operatorKey, provider.url);
    return { mongo, redis, provider, links, cluster, store, app, operatorKey, close };
  } catch (error) {
    await close().catch((also: unknown) => console.error(also));
    throw error;
  }
}

/** An app to send as, and people to send to. */
async function setUp(url: string, operatorKey: string, providerUrl: string): Promise<Platform['app']> {
  const { createApp } = await call<{ createApp: { app: { id: string }; apiKey: string } }>(
    url,
    operatorKey,
    'mutation { createApp(name: "faults", rateLimitPerSecond: 100000) { app { id } apiKey } }',
  );
  await call(url, operatorKey, 'mutation($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: Array.from({ length: USERS }, (_, index) => ({
      id: userName(index),
      email: `${userName(index)}@example.org`,
      phone: phoneOf(index),
      addresses: [{ channel: 'WEBHOOK', address: `${providerUrl}/${userName(index)}` }],
    })),
  });
  return { id: createApp.app.id, apiKey: createApp.apiKey };
}
