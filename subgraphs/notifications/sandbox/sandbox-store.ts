/** The newest messages that the sandbox took, per workspace: a list in Redis, for demos and tests, not for keeps. */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { CHANNELS } from '../../../platform/graphql/contract-enums.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';

/** Messages kept of a workspace. */
export const SANDBOX_KEPT = 1_000;

const sandboxMessageSchema = z.object({
  id: z.string(),
  at: z.coerce.date(),
  channel: z.enum(CHANNELS),
  address: z.string(),
  notification: z.string(),
  title: z.string().optional(),
  body: z.string(),
  html: z.string().optional(),
  url: z.string().optional(),
});
export type SandboxMessageRecord = z.infer<typeof sandboxMessageSchema>;

export class SandboxStore {
  readonly #redis: Redis;
  readonly #names: RedisNames;
  constructor(redis: Redis, names: RedisNames) {
    this.#redis = redis;
    this.#names = names;
  }

  async keep(workspace: string, message: SandboxMessageRecord): Promise<void> {
    const key = this.#names.sandbox(workspace);
    await this.#redis
      .multi()
      .lpush(key, JSON.stringify(message))
      .ltrim(key, 0, SANDBOX_KEPT - 1)
      .exec();
  }

  /** Newest first. */
  async newest(workspace: string, count: number): Promise<SandboxMessageRecord[]> {
    const texts = await this.#redis.lrange(this.#names.sandbox(workspace), 0, count - 1);
    const messages = texts.map((text) => sandboxMessageSchema.parse(JSON.parse(text)));
    // A delivery that was attempted twice shows once, as it was last.
    const seen = new Set<string>();
    return messages.filter(({ id }) => !seen.has(id) && seen.add(id));
  }
}
