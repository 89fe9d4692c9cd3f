/**
 * The queues between accepting, planning and sending (BullMQ). Jobs carry ids only and are attempted once:
 * the documents hold state, attempts and times, so that a lost queue can be rebuilt from them.
 */
import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { CHANNELS, type Channel, PRIORITIES, type Priority } from '../graphql/contract-enums.ts';
import { planQueueName, sendQueueName } from '../names/redis-names.ts';

/** Ids of notifications to plan. */
export interface PlanJob {
  readonly ids: readonly string[];
}
/** Ids of deliveries to attempt; all of them have had `attempt` attempts. */
export interface SendJob {
  readonly ids: readonly string[];
  readonly attempt: number;
}

/** Within a send queue: 0 goes first (BullMQ: jobs without a priority precede those with one). */
const SEND_PRIORITY: Record<Priority, number> = { HIGH: 0, MEDIUM: 1, LOW: 2 };

const ONCE: JobsOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

export class DispatchQueues {
  readonly #plan: ReadonlyMap<Priority, Queue<PlanJob>>;
  readonly #send: ReadonlyMap<Channel, Queue<SendJob>>;

  /** @param redis a `commands` connection: adding fails fast when Redis is away. */
  constructor(redis: Redis, prefix: string) {
    const options = { connection: redis, prefix };
    this.#plan = new Map(PRIORITIES.map((p) => [p, new Queue<PlanJob>(planQueueName(p), options)]));
    this.#send = new Map(CHANNELS.map((c) => [c, new Queue<SendJob>(sendQueueName(c), options)]));
    // Connection errors are logged where the connection is made; without a listener they end the process.
    for (const queue of [...this.#plan.values(), ...this.#send.values()]) queue.on('error', () => undefined);
  }

  /**
   * @param chunks one job each. A chunk's job id comes from its first id, so that the same chunk twice is one job.
   * @throws when Redis does not take them.
   */
  async addPlans(
    priority: Priority,
    chunks: readonly { ids: readonly string[]; delayMs?: number }[],
  ): Promise<void> {
    await this.#queue(this.#plan, priority).addBulk(
      chunks.map(({ ids, delayMs }) => ({
        name: 'plan',
        data: { ids },
        opts: {
          ...ONCE,
          jobId: `n-${ids[0]}-${ids.length}`,
          ...(delayMs && delayMs > 0 ? { delay: delayMs } : {}),
        },
      })),
    );
  }

  /** @throws when Redis does not take them. */
  async addSends(
    channel: Channel,
    chunks: readonly { ids: readonly string[]; attempt: number; priority: Priority; delayMs?: number }[],
  ): Promise<void> {
    await this.#queue(this.#send, channel).addBulk(
      chunks.map(({ ids, attempt, priority, delayMs }) => ({
        name: 'send',
        data: { ids, attempt },
        opts: {
          ...ONCE,
          jobId: `d-${ids[0]}-${ids.length}-${attempt}`,
          ...(SEND_PRIORITY[priority] > 0 ? { priority: SEND_PRIORITY[priority] } : {}),
          ...(delayMs && delayMs > 0 ? { delay: delayMs } : {}),
        },
      })),
    );
  }

  /** Jobs that wait for a worker. */
  async waitingPlans(priority: Priority): Promise<number> {
    return this.#queue(this.#plan, priority).getWaitingCount();
  }
  /** Jobs that wait for a worker, of any priority. */
  async waitingSends(channel: Channel): Promise<number> {
    const counts = await this.#queue(this.#send, channel).getJobCounts('wait', 'prioritized');
    return (counts.wait ?? 0) + (counts.prioritized ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#plan.values(), ...this.#send.values()].map((queue) => queue.close()));
  }

  #queue<K, J>(queues: ReadonlyMap<K, Queue<J>>, key: K): Queue<J> {
    const queue = queues.get(key);
    if (!queue) throw new Error(`There is no queue for ${String(key)}.`);
    return queue;
  }
}

/** Cuts ids into jobs of at most `size`. */
export function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
