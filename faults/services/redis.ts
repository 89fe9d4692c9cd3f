/** A Redis of the fault suite: append-only file, synced each second, as the product starts it. */
import { redisCandidates } from '../../platform/data-services/candidates.ts';
import { LOOPBACK } from '../../platform/data-services/free-port.ts';
import { pingRedis } from '../../platform/data-services/redis-probe.ts';
import { candidateContext } from './candidate-context.ts';
import { type DataServiceOptions, type RedisService, startDataService } from './service.ts';

/** @throws Error when there is no redis-server, valkey-server or wheel. */
export function startRedis(options: DataServiceOptions): Promise<RedisService> {
  const uriAt = (port: number) => `redis://${LOOPBACK}:${port}`;
  return startDataService(
    {
      name: 'Redis',
      candidates: redisCandidates(candidateContext()),
      // With a ready check: while it loads its file it answers LOADING, which is an error here.
      ping: (port) => pingRedis(uriAt(port), 2_000),
      uriAt,
    },
    options,
  );
}
