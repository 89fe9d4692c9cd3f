/** The templates subgraph as a process has it: its own connections, its own caches, its own bus. */
import { type ExecutionResult, graphql } from 'graphql';
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import type { Principal } from '../../../platform/auth/principal.ts';
import { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { createLogger } from '../../../platform/logging/logger.ts';
import { redisNames } from '../../../platform/names/redis-names.ts';
import { connectMongo } from '../../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { openDirectory } from '../../users/index.ts';
import { createTemplatesSubgraph, type TemplatesRoom } from '../index.ts';

export interface RoomServices {
  readonly mongodbUri: string;
  readonly redisUrl: string;
  readonly namespace: string;
}

export interface OpenRoom extends TemplatesRoom {
  readonly connection: Connection;
  /** The bus's own connection. */
  readonly subscriber: Redis;
  /** Runs one operation as a caller. */
  execute(
    principal: Principal | undefined,
    source: string,
    variables?: Record<string, unknown>,
  ): Promise<ExecutionResult>;
  close(): Promise<void>;
}

export async function openRoom({ mongodbUri, redisUrl, namespace }: RoomServices): Promise<OpenRoom> {
  const log = createLogger({ level: 'silent', role: 'test' });
  const connection = await connectMongo(mongodbUri, log);
  const publisher = connectRedis(redisUrl, 'commands', log);
  const subscriber = connectRedis(redisUrl, 'subscriber', log);
  await Promise.all([whenReady(publisher), whenReady(subscriber)]);
  const bus = new InvalidationBus(publisher, subscriber, redisNames(namespace).invalidations, log);
  await bus.start();
  const room = await createTemplatesSubgraph({ connection, bus, directory: openDirectory(connection), log });
  return {
    ...room,
    connection,
    subscriber,
    execute: (principal, source, variableValues) =>
      graphql({
        schema: room.subgraph.schema,
        source,
        variableValues,
        contextValue: { requestId: 'test', ...(principal && { principal }) },
      }),
    async close() {
      await room.subgraph.close();
      await connection.close();
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
