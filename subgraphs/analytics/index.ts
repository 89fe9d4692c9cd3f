/** The one door of the analytics subgraph. It reads only what the events left in the ledger of tallies. */
import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/index.js';
import { parse } from 'graphql';
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import type { Subgraph } from '../../platform/graphql/subgraph.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { RedisNames } from '../../platform/names/redis-names.ts';
import { RedisLock } from '../../platform/storage/redis-lock.ts';
import { Folder } from './fold/folder.ts';
import { DeliveryStatsReader } from './read/delivery-stats.ts';
import { analyticsResolvers } from './resolvers.ts';
import { analyticsModels, prepareAnalytics } from './store/models.ts';

/** Another process takes over the folding this long after the one that did it has died. */
const LOCK_TTL_MS = 10_000;

/** @param fold whether this process also adds what happens to the counts. */
export async function createAnalyticsSubgraph(deps: {
  connection: Connection;
  redis: Redis;
  names: RedisNames;
  log: Logger;
  fold: boolean;
}): Promise<{ subgraph: Subgraph }> {
  const models = analyticsModels(deps.connection);
  await prepareAnalytics(models);
  const lock = new RedisLock(deps.redis, deps.names.lock('analytics'), LOCK_TTL_MS);
  const folder = new Folder({
    connection: deps.connection,
    models,
    lock,
    log: deps.log,
  });
  if (deps.fold) folder.start();
  return {
    subgraph: {
      name: 'analytics',
      schema: buildSubgraphSchema({
        typeDefs: parse(readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8')),
        resolvers: analyticsResolvers(new DeliveryStatsReader(models)) as GraphQLResolverMap<unknown>,
      }),
      close: () => folder.close(),
    },
  };
}
