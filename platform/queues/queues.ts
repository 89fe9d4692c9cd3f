/**
 * The queues between accepting, planning and sending (BullMQ). Jobs carry ids only and are attempted once:
 * the documents hold state, attempts and times, so that a lost queue can be rebuilt from them. Each priority has
 * queues of its own, for planning and for each channel: what is urgent is never behind what is not.
 */
import { type BulkJobOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { sharedNow } from '../clock/shared-clock.ts';
import { CHANNELS, type Channel, PRIORITIES, type Priority } from '../graphql/contract-enums.ts';
import { EXPLAIN_QUEUE, PROVIDER_TEST_QUEUE, planQueueName, sendQueueName } from '../names/redis-names.ts';
import { planJobId, sendJobId } from './job-ids.ts';
import { type QueueState, queueStates, waitingIds } from './queue-states.ts';

/** Ids of notifications to plan. */
export interface PlanJob {
  readonly ids: readonly string[];
}
/** Ids of deliveries to attempt; all of them have had `attempt` attempts. */
export interface SendJob {
  readonly ids: readonly string[];
  readonly attempt: number;
  readonly priority: Priority;
}

/** A test message through a provider account. */
export interface ProviderTestJob {
  readonly id: string;
  readonly workspace: string;
  readonly account: string;
  /** One of the settings; without it one of the workspace. */
  readonly ofSettings?: true;
  readonly to: string;
  /** Nobody waits for the answer after this (Unix ms). */
  readonly until: number;
}

/** A notification that is planned without being stored or sent. */
export interface ExplainJob {
  readonly id: string;
  /** The record, as extended JSON (it has dates). */
  readonly record: string;
  /** Nobody waits for the answer after this (Unix ms). */
  readonly until: number;
}

/** Notifications for one plan job. */
export interface PlanChunk {
  readonly ids: readonly string[];
  readonly delayMs?: number;
  /** Set when they may be in a queue already and must come again: a number that no earlier add had. */
  readonly look?: number;
}

/** Deliveries for one send job. */
export interface SendChunk {
  readonly ids: readonly string[];
  readonly attempt: number;
  /** When the first of them is due: tells one round of the same attempt from the next. */
  readonly dueAt: Date;
}

interface NewJob<J> {
  readonly name: string;
  readonly data: J;
  readonly opts: BulkJobOptions;
}

/** Channels that something outside delivers: IN_APP is delivered by the plan and has no queue. */
export const SENT_CHANNELS = CHANNELS.filter((channel) => channel !== 'IN_APP');

/** The names of all queues. */
export const QUEUE_NAMES: readonly string[] = PRIORITIES.flatMap((priority) => [
  planQueueName(priority),
  ...SENT_CHANNELS.map((channel) => sendQueueName(channel, priority)),
]);

/** What is done with leaves nothing behind: its id is free again. */
const ONCE = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const satisfies BulkJobOptions;

export class DispatchQueues {
  readonly #redis: Redis;
  readonly #prefix: string;
  /** Made when first used: most processes add to a few of them. */
  readonly #made = new Map<string, Queue>();

  /** @param redis a `commands` connection: adding fails fast when Redis is away. */
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /**
   * @param chunks one job each. A chunk's job id comes from its ids, so that the same chunk twice is one job as long
   * as the first is there; see `look`.
   * @throws when Redis does not take them.
   */
  async addPlans(priority: Priority, chunks: readonly PlanChunk[]): Promise<void> {
    if (chunks.length === 0) return;
    const timestamp = sharedNow();
    await this.#add<PlanJob>(
      planQueueName(priority),
      chunks.map(({ ids, delayMs = 0, look }) => ({
        name: 'plan',
        data: { ids },
        opts: { ...ONCE, timestamp, jobId: planJobId(ids, look), ...(delayMs > 0 && { delay: delayMs }) },
      })),
    );
  }

  /** @throws when Redis does not take them. */
  async addSends(channel: Channel, priority: Priority, chunks: readonly SendChunk[]): Promise<void> {
    if (chunks.length === 0) return;
    const timestamp = sharedNow();
    await this.#add<SendJob>(
      sendQueueName(channel, priority),
      chunks.map(({ ids, attempt, dueAt }) => ({
        name: 'send',
        data: { ids, attempt, priority },
        opts: {
          ...ONCE,
          timestamp,
          jobId: sendJobId(ids, attempt, dueAt),
          ...(dueAt.getTime() > timestamp && { delay: dueAt.getTime() - timestamp }),
        },
      })),
    );
  }

  /** @throws when Redis does not take it. */
  async addProviderTest(job: ProviderTestJob): Promise<void> {
    const opts = { ...ONCE, timestamp: sharedNow(), jobId: job.id };
    await this.#add<ProviderTestJob>(PROVIDER_TEST_QUEUE, [{ name: 'test', data: job, opts }]);
  }

  /** @throws when Redis does not take it. */
  async addExplain(job: ExplainJob): Promise<void> {
    const opts = { ...ONCE, timestamp: sharedNow(), jobId: job.id };
    await this.#add<ExplainJob>(EXPLAIN_QUEUE, [{ name: 'explain', data: job, opts }]);
  }

  /**
   * How many ids wait for a worker, by the name of the queue: exact up to some hundred jobs, else about. Queues in
   * which nothing waits are left out.
   * @throws when Redis does not answer.
   */
  waiting(): Promise<ReadonlyMap<string, number>> {
    return waitingIds(this.#redis, this.#prefix, QUEUE_NAMES);
  }

  /** The state of every queue, by its name. @throws when Redis does not answer. */
  async states(): Promise<ReadonlyMap<string, QueueState>> {
    const states = await queueStates(this.#redis, this.#prefix, QUEUE_NAMES);
    return new Map(states.map((state) => [state.queue, state]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#made.values()].map((queue) => queue.close()));
  }

  /** One job goes without a pipeline: ioredis makes each with a member for every one of BullMQ's scripts. */
  async #add<J>(queue: string, jobs: readonly NewJob<J>[]): Promise<void> {
    const [first, ...more] = jobs;
    if (first && more.length === 0) await this.#queue(queue).add(first.name, first.data, first.opts);
    else await this.#queue(queue).addBulk([...jobs]);
  }

  #queue(name: string): Queue {
    let queue = this.#made.get(name);
    if (!queue) {
      queue = new Queue(name, { connection: this.#redis, prefix: this.#prefix });
      // Connection errors are logged where the connection is made; without a listener they end the process.
      queue.on('error', () => undefined);
      this.#made.set(name, queue);
    }
    return queue;
  }
}

/** Cuts ids into jobs of at most `size`. */
export function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
