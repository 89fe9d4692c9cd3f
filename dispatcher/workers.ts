/** The dispatcher's BullMQ workers: a plan queue for each priority, a send queue for each channel and priority. */
import type { Redis } from 'ioredis';
import { type CHANNELS, PRIORITIES } from '../platform/graphql/contract-enums.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { planQueueName, sendQueueName } from '../platform/names/redis-names.ts';
import type { PlanJob, SendJob } from '../platform/queues/queues.ts';
import type { Planner } from './plan/planner.ts';
import { QueueWorker } from './queue-worker.ts';
import type { Sender } from './send/sender.ts';
import { Watchdog } from './watchdog.ts';

/** Which planner serves which priority: each has its own, so that a full LOW queue does not hold HIGH up. */
export type Planners = Readonly<Record<(typeof PRIORITIES)[number], Planner>>;
/** Likewise one sender per channel: a slow provider holds up nothing but its channel. */
export type Senders = ReadonlyMap<(typeof CHANNELS)[number], Sender>;

export interface Workers {
  readonly all: readonly QueueWorker[];
  /** What is wrong with them or their queues, one sentence each; costs nothing. */
  problems(): readonly string[];
  /** Finishes the jobs in hand. */
  close(): Promise<void>;
}

/**
 * Plan jobs in hand at once: enough for groups of a good size. What waits in here rather than in its queue counts as
 * taken, and must not wait for long.
 */
const MOST_PLAN_JOBS = 16;

/**
 * @param redis for looking at the queues.
 * @param blocking a connection that may wait (BullMQ makes one more per worker from it).
 * @param concurrency jobs each queue works on at once.
 * @param stuckMs a worker that takes no jobs for so long although some wait is replaced.
 */
export function startWorkers(deps: {
  redis: Redis;
  blocking: Redis;
  prefix: string;
  concurrency: number;
  stuckMs: number;
  planners: Planners;
  senders: Senders;
  log: Logger;
}): Workers {
  const { redis, prefix, planners, log } = deps;
  const { blocking, concurrency } = deps;
  const shared = { blocking, prefix, concurrency, log };
  const plans = PRIORITIES.map(
    (priority) =>
      new QueueWorker<PlanJob>({
        ...shared,
        concurrency: Math.min(concurrency, MOST_PLAN_JOBS),
        queue: planQueueName(priority),
        work: ({ ids }, taken) => planners[priority].plan(ids, taken),
      }),
  );
  const sends = [...deps.senders].flatMap(([channel, sender]) =>
    PRIORITIES.map(
      (priority) =>
        new QueueWorker<SendJob>({
          ...shared,
          queue: sendQueueName(channel, priority),
          work: ({ ids, attempt }) => sender.send(ids, attempt, priority),
        }),
    ),
  );
  const all = [...plans, ...sends] as unknown as readonly QueueWorker[];
  const watchdog = new Watchdog({ workers: all, redis, prefix, limitMs: deps.stuckMs, log });
  return {
    all,
    problems: () => watchdog.problems(),
    close: async () => {
      await watchdog.close();
      await Promise.all(all.map((worker) => worker.close()));
    },
  };
}
