/** Who is online: has a live inbox open in any process. */
import type { Redis } from 'ioredis';
import type { Logger } from '../logging/logger.ts';
import type { RedisNames } from '../names/redis-names.ts';

/** In one round trip. */
const MAX_GROUP = 1_000;
/** A Redis that has just failed is left alone for so long: asking it again may take seconds. */
const ALONE_MS = 1_000;

export class PresenceReader {
  readonly #redis: Redis;
  readonly #names: Pick<RedisNames, 'presence'>;
  readonly #log: Logger;
  /** When Redis last did not answer (monotonic); undefined while it does. */
  #awaySince: number | undefined;

  constructor(redis: Redis, names: Pick<RedisNames, 'presence'>, log: Logger) {
    this.#redis = redis;
    this.#names = names;
    this.#log = log;
  }

  /** Those of `users` who are online. Never rejects: while Redis is away nobody is. */
  async online(workspace: string, users: Iterable<string>): Promise<ReadonlySet<string>> {
    const online = new Set<string>();
    const asked = [...new Set(users)];
    if (asked.length === 0) return online;
    if (this.#awaySince !== undefined && performance.now() - this.#awaySince < ALONE_MS) return online;
    try {
      for (let from = 0; from < asked.length; from += MAX_GROUP) {
        const group = asked.slice(from, from + MAX_GROUP);
        const pipeline = this.#redis.pipeline();
        for (const user of group) pipeline.exists(this.#names.presence(workspace, user));
        const answers = (await pipeline.exec()) ?? [];
        for (const [index, [error, found]] of answers.entries()) {
          if (error) throw error;
          const user = group[index];
          if (found === 1 && user !== undefined) online.add(user);
        }
      }
      if (this.#awaySince !== undefined) this.#log.info('presence: Redis answers again');
      this.#awaySince = undefined;
      return online;
    } catch (error) {
      if (this.#awaySince === undefined)
        this.#log.warn(
          { err: error },
          'presence: Redis does not answer; nobody counts as online until it does',
        );
      this.#awaySince = performance.now();
      return new Set();
    }
  }
}
