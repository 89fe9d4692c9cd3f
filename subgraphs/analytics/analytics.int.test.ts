import { execute, parse } from 'graphql';
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import type { DeliveryEvent } from '../../platform/event-log/events.ts';
import { enterTallies, prepareLedger, readLedger } from '../../platform/event-log/tally-ledger.ts';
import { redisNames } from '../../platform/names/redis-names.ts';
import { connectMongo, inTransaction } from '../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { RedisLock } from '../../platform/storage/redis-lock.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { Folder } from './fold/folder.ts';
import { createAnalyticsSubgraph } from './index.ts';
import { analyticsModels, prepareAnalytics } from './store/models.ts';

const services = freshDatabase();
const names = redisNames(services.namespace);
const log = pino({ level: 'silent' });
let mongo: Connection;
let redis: Redis;
beforeAll(async () => {
  mongo = await connectMongo(services.mongodbUri, log);
  redis = connectRedis(services.redisUrl, 'commands', log);
  await whenReady(redis);
  await prepareLedger(mongo);
});
afterAll(async () => {
  redis.disconnect();
  await mongo.close();
});

const event = (changes: Partial<DeliveryEvent> = {}): DeliveryEvent => ({
  v: 1,
  type: 'delivery.sent',
  workspace: 'default',
  app: 'app_1',
  notification: 'ntf_1',
  delivery: 'dlv_1',
  at: Date.now(),
  channel: 'EMAIL',
  state: 'SENT',
  ...changes,
});
/** A folder of its own connection, as another process has; its lock is its own, so that both really race. */
async function folder(lockName: string): Promise<{ folder: Folder; close(): Promise<void> }> {
  const connection = await connectMongo(services.mongodbUri, log);
  const models = analyticsModels(connection);
  await prepareAnalytics(models);
  const lock = new RedisLock(redis, names.lock(lockName), 10_000);
  const own = new Folder({ connection, models, lock, log });
  return {
    folder: own,
    close: async () => {
      await own.close();
      await connection.close();
    },
  };
}
const enter = (events: readonly DeliveryEvent[]) =>
  inTransaction(mongo, (session) => enterTallies(mongo, events, session));
const total = async (app: string): Promise<number> => {
  const doc = await mongo
    .collection<{ _id: string; counts: { SENT?: number } }>('delivery_totals')
    .findOne({ _id: `default|app|${app}` });
  return doc?.counts.SENT ?? 0;
};
const until = async (condition: () => Promise<boolean>, timeoutMs = 60_000) => {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('did not become true in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

describe('folding', () => {
  it('counts 10,000 events exactly, with two folders racing and one of them stopped in the middle', async () => {
    const [one, two] = await Promise.all([folder('a'), folder('b')]);
    one.folder.start();
    two.folder.start();
    for (let batch = 0; batch < 500; batch++) {
      await enter(Array.from({ length: 20 }, () => event({ app: 'app_race' })));
      if (batch === 200) await one.close();
    }
    await until(async () => (await total('app_race')) >= 10_000);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await total('app_race')).toBe(10_000);
    await two.close();
  });

  it('counts once what two folders have read at the same time', async () => {
    const folders = await Promise.all(Array.from({ length: 4 }, (_, i) => folder(`race-${i}`)));
    for (let round = 1; round <= 10; round++) {
      for (let i = 0; i < 5; i++) await enter([event({ app: 'app_once' })]);
      await until(async () => {
        await Promise.all(folders.map((own) => own.folder.foldNext()));
        return (await readLedger(mongo, 1)).length === 0;
      });
      expect(await total('app_once')).toBe(5 * round);
    }
    await Promise.all(folders.map((own) => own.close()));
  });

  it('counts nothing of a transaction that was given up', async () => {
    const one = await folder('c');
    await expect(
      inTransaction(mongo, async (session) => {
        await enterTallies(mongo, [event({ app: 'app_aborted' })], session);
        throw new Error('given up');
      }),
    ).rejects.toThrow('given up');
    await enter([event({ app: 'app_kept' })]);
    await until(async () => {
      await one.folder.foldNext();
      return (await total('app_kept')) === 1;
    });
    expect(await total('app_aborted')).toBe(0);
    await one.close();
  });
});

describe('deliveryStats', () => {
  const operator: Principal = { kind: 'operator', workspace: 'default', key: 'k', name: 'o', root: false };
  const app: Principal = { kind: 'app', workspace: 'default', app: 'app_own', key: 'k', ratePerSecond: 1000 };
  const user: Principal = { kind: 'user', workspace: 'default', user: 'u', expiresAt: 0 };

  it('answers rows and totals, to operators all of the workspace, to an app its own', async () => {
    const { subgraph } = await createAnalyticsSubgraph({
      connection: mongo,
      redis,
      names,
      log,
      fold: true,
    });
    await enter([
      event({ app: 'app_own' }),
      event({ app: 'app_own', channel: 'IN_APP', type: 'delivery.delivered' }),
      event({ app: 'app_other' }),
      event({ app: 'app_own', workspace: 'elsewhere' }),
    ]);
    await until(async () => (await total('app_other')) === 1);
    const ask = (source: string, principal: Principal) =>
      execute({
        schema: subgraph.schema,
        document: parse(source),
        contextValue: { requestId: 'r', principal },
      });
    const query = '{ deliveryStats { totals { sent delivered } rows { app { id } channel state count } } }';
    expect((await ask(query, app)).data).toMatchObject({
      deliveryStats: {
        totals: { sent: 1, delivered: 1 },
        rows: [
          { app: { id: 'app_own' }, channel: 'EMAIL', state: 'SENT', count: 1 },
          { app: { id: 'app_own' }, channel: 'IN_APP', state: 'DELIVERED', count: 1 },
        ],
      },
    });
    const other =
      '{ deliveryStats(app: "app_other", channels: [EMAIL], states: [SENT]) { rows { app { id } count } } }';
    expect((await ask(other, operator)).data).toMatchObject({
      deliveryStats: { rows: [{ app: { id: 'app_other' }, count: 1 }] },
    });
    expect((await ask(other, app)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect((await ask(query, user)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const long =
      '{ deliveryStats(from: "2026-01-01T00:00:00Z", to: "2026-01-03T00:00:00Z") { totals { sent } } }';
    expect((await ask(long, operator)).errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'from',
    });
    const entities = await execute({
      schema: subgraph.schema,
      document: parse(
        'query($r: [_Any!]!) { _entities(representations: $r) { ... on App { stats { sent delivered failed } } } }',
      ),
      variableValues: {
        r: [
          { __typename: 'App', id: 'app_own' },
          { __typename: 'App', id: 'app_never' },
        ],
      },
      contextValue: { requestId: 'r', principal: operator },
    });
    expect(entities.data).toMatchObject({
      _entities: [
        { stats: { sent: 1, delivered: 1, failed: 0 } },
        { stats: { sent: 0, delivered: 0, failed: 0 } },
      ],
    });
    await subgraph.close();
  });
});
