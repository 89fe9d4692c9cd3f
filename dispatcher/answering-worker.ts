/** Workers of jobs that somebody waits for the answer of. */
import { sharedNow } from '../platform/clock/shared-clock.ts';
import type { Connections } from '../platform/lifecycle/connections.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { QueueWorker } from './queue-worker.ts';

/** @param deps.answer works on a job, unless nobody waits for it any more: a late test message to somebody would surprise. */
export function startAnswering<Job extends { readonly until: number }>(deps: {
  readonly queue: string;
  readonly concurrency: number;
  readonly connections: Pick<Connections, 'names' | 'further'>;
  readonly log: Logger;
  readonly answer: (job: Job) => Promise<void>;
}): { close(): Promise<void> } {
  const { queue, concurrency, connections, log, answer } = deps;
  return new QueueWorker<Job>({
    queue,
    concurrency,
    blocking: connections.further('blocking'),
    prefix: connections.names.queuePrefix,
    log,
    work: async (job) => {
      if (sharedNow() <= job.until) await answer(job);
    },
  });
}
