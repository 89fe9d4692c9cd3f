/**
 * Says in Redis which users have a live inbox open in this process. Each online user has a key there with the processes
 * that hold one of their inboxes; it expires by itself. A process tells of a user when the first inbox opens and when
 * the last one closes, and repeats all of them now and then, hundreds of users in one round trip: messages cost nothing.
 */
import { randomUUID } from 'node:crypto';
import type { ChainableCommander, Redis } from 'ioredis';
import type { Logger } from '../logging/logger.ts';
import type { RedisNames } from '../names/redis-names.ts';

/** How often a process says that its users are still there. */
const REFRESH_MS = 20_000;
/** How long what it said holds: a process that ends without a word takes its users with it then. */
const HOLDS_MS = 45_000;
/** In one round trip. */
const MAX_GROUP = 500;

interface Present {
  readonly workspace: string;
  readonly user: string;
  /** Open inboxes; 0: to be told, then forgotten. */
  open: number;
}

export interface PresenceKeeperDeps {
  readonly redis: Redis;
  readonly names: Pick<RedisNames, 'presence'>;
  /** Told of each user when an inbox opens and at each repetition. */
  readonly onPresent: (workspace: string, user: string) => void;
  readonly log: Logger;
  /** Shorter for tests, in milliseconds. */
  readonly refreshMs?: number;
  readonly holdsMs?: number;
}

export class PresenceKeeper {
  readonly #redis: Redis;
  readonly #names: Pick<RedisNames, 'presence'>;
  readonly #onPresent: PresenceKeeperDeps['onPresent'];
  readonly #log: Logger;
  readonly #holdsMs: number;
  /** Among those that hold an inbox of the same user. */
  readonly #process = randomUUID();
  readonly #present = new Map<string, Present>();
  /** Keys of those of whom something is to be told. */
  #changed = new Set<string>();
  #telling: Promise<void> | undefined;
  #isAway = false;
  readonly #timer: NodeJS.Timeout;
  readonly #again = () => this.#repeat();

  constructor({
    redis,
    names,
    onPresent,
    log,
    refreshMs = REFRESH_MS,
    holdsMs = HOLDS_MS,
  }: PresenceKeeperDeps) {
    this.#redis = redis;
    this.#names = names;
    this.#onPresent = onPresent;
    this.#log = log;
    this.#holdsMs = holdsMs;
    this.#timer = setInterval(this.#again, refreshMs);
    this.#timer.unref();
    // It may have come back without what it knew.
    redis.on('ready', this.#again);
  }

  /** Users with an open inbox here. */
  get size(): number {
    return this.#present.size;
  }

  /** A live inbox of the user opens. Returns what is to be called, once or more often, when it closes. */
  enter(workspace: string, user: string): () => void {
    const key = this.#names.presence(workspace, user);
    const present = this.#present.get(key) ?? { workspace, user, open: 0 };
    this.#present.set(key, present);
    present.open += 1;
    if (present.open === 1) this.#tellSoon([key]);
    this.#onPresent(workspace, user);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      present.open -= 1;
      if (present.open === 0) this.#tellSoon([key]);
    };
  }

  /** Takes back all that was said. Where Redis is away it expires by itself. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#redis.off('ready', this.#again);
    for (const present of this.#present.values()) present.open = 0;
    this.#tellSoon(this.#present.keys());
    await this.#telling;
  }

  #repeat(): void {
    for (const { workspace, user, open } of this.#present.values())
      if (open > 0) this.#onPresent(workspace, user);
    this.#tellSoon(this.#present.keys());
  }

  #tellSoon(keys: Iterable<string>): void {
    for (const key of keys) this.#changed.add(key);
    // What comes in the same moment, and while something is told, goes together.
    this.#telling ??= Promise.resolve()
      .then(() => this.#tellAll())
      .finally(() => {
        this.#telling = undefined;
      });
  }

  /** One group after the other, so that nothing that is said later comes earlier. */
  async #tellAll(): Promise<void> {
    while (this.#changed.size > 0) {
      const keys = [...this.#changed];
      this.#changed = new Set();
      for (let from = 0; from < keys.length; from += MAX_GROUP)
        await this.#tell(keys.slice(from, from + MAX_GROUP));
    }
  }

  async #tell(keys: readonly string[]): Promise<void> {
    const now = Date.now();
    const pipeline = this.#redis.pipeline();
    for (const key of keys)
      if ((this.#present.get(key)?.open ?? 0) > 0) this.#add(pipeline, key, now);
      else {
        this.#present.delete(key);
        this.#remove(pipeline, key, now);
      }
    try {
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
      if (this.#isAway) this.#log.info('presence: Redis answers again');
      this.#isAway = false;
    } catch (error) {
      if (!this.#isAway)
        this.#log.warn(
          { err: error },
          'presence: not told to Redis; users may seem to be offline until it answers',
        );
      this.#isAway = true;
    }
  }

  #add(pipeline: ChainableCommander, key: string, now: number): void {
    pipeline.zadd(key, now, this.#process).pexpire(key, this.#holdsMs);
  }

  /** With processes that have not repeated theirs: they ended without a word. An empty key is none. */
  #remove(pipeline: ChainableCommander, key: string, now: number): void {
    pipeline.zrem(key, this.#process).zremrangebyscore(key, '-inf', now - this.#holdsMs);
  }
}
