/** The dispatcher's BullMQ workers: three plan queues with concurrency of their own, one send queue per channel. */
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type CHANNELS, PRIORITIES } from '../platform/graphql/contract-enums.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { planQueueName, sendQueueName } from '../platform/names/redis-names.ts';
import type { PlanJob, SendJob } from '../platform/queues/queues.ts';
import type { Planner } from './plan/planner.ts';
import type { Sender } from './send/sender.ts';

/** Which planner serves which priority: each has its own, so that a full LOW queue does not hold HIGH up. */
export type Planners = Readonly<Record<(typeof PRIORITIES)[number], Planner>>;
/** Likewise one sender per channel: a slow provider holds up nothing but its channel. */
export type Senders = ReadonlyMap<(typeof CHANNELS)[number], Sender>;

/**
 * @param blocking a connection that may wait (BullMQ makes one more per worker from it).
 * @param concurrency jobs each queue works on at once.
 */
export function startWorkers(deps: {
  blocking: Redis;
  prefix: string;
  concurrency: number;
  planners: Planners;
  senders: Senders;
  log: Logger;
}): { workers: Worker[]; close(): Promise<void> } {
  const options = {
    connection: deps.blocking,
    prefix: deps.prefix,
    concurrency: deps.concurrency,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
  const plans = PRIORITIES.map(
    (priority) =>
      new Worker<PlanJob>(
        planQueueName(priority),
        (job) => deps.planners[priority].plan(job.data.ids),
        options,
      ),
  );
  const sends = [...deps.senders].map(
    ([channel, sender]) =>
      new Worker<SendJob>(
        sendQueueName(channel),
        (job) => sender.send(job.data.ids, job.data.attempt),
        options,
      ),
  );
  const workers = [...plans, ...sends];
  for (const worker of workers) {
    let said = false;
    worker.on('error', (error) => {
      if (!said)
        deps.log.warn(
          { err: error, queue: worker.name },
          'worker: connection trouble; going on when it is back',
        );
      said = true;
    });
    worker.on('ready', () => {
      said = false;
    });
    worker.on('failed', (job, error) =>
      deps.log.error({ err: error, queue: worker.name, job: job?.id }, 'job failed'),
    );
  }
  return {
    workers,
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
