/** What waits in the queues, read from BullMQ's keys (`<prefix>:<queue>:wait`, a list whose end is taken first). */
import type { ChainableCommander, Redis } from 'ioredis';
import { idsOfJob } from './job-ids.ts';

/** One queue at one moment. */
export interface QueueState {
  readonly queue: string;
  /** Jobs that wait for a worker. */
  readonly jobs: number;
  /**
   * How long the job that is next has waited since it could have been taken, in ms, by Redis's clock. 0 where none
   * waits, nothing where it was taken while we looked.
   */
  readonly oldestMs: number | undefined;
}

/** Of a longer queue so many jobs at each end stand for the rest. */
const SAMPLE = 250;

const waitKey = (prefix: string, queue: string): string => `${prefix}:${queue}:wait`;

/** The state of each queue, in two round trips. @throws when Redis does not answer. */
export async function queueStates(
  redis: Redis,
  prefix: string,
  queues: readonly string[],
): Promise<QueueState[]> {
  const heads = redis.pipeline().time();
  for (const queue of queues) heads.llen(waitKey(prefix, queue)).lindex(waitKey(prefix, queue), -1);
  const [time, ...found] = await results(heads);
  const now = millisecondsOf(time);
  const lengths = queues.map((queue, i) => ({
    queue,
    jobs: Number(found[2 * i]),
    next: found[2 * i + 1] as string | null,
  }));
  const waiting = lengths.filter(({ next }) => next !== null);
  const since = new Map<string, number>();
  if (waiting.length > 0) {
    const jobs = redis.pipeline();
    for (const { queue, next } of waiting) jobs.hmget(`${prefix}:${queue}:${next}`, 'timestamp', 'opts');
    const fields = await results(jobs);
    waiting.forEach(({ queue }, i) => {
      const [timestamp, options] = fields[i] as [string | null, string | null];
      // Gone when it was taken in between.
      if (timestamp !== null) since.set(queue, readyAt(timestamp, options));
    });
  }
  return lengths.map(({ queue, jobs, next }) => {
    const readySince = next === null ? now : since.get(queue);
    return { queue, jobs, oldestMs: readySince === undefined ? undefined : Math.max(0, now - readySince) };
  });
}

/** When a job could be taken for the first time: BullMQ keeps when it was added, and its delay among its options. */
export function readyAt(timestamp: string, options: string | null): number {
  const { delay } = JSON.parse(options ?? '{}') as { delay?: number };
  return Number(timestamp) + (delay ?? 0);
}

/**
 * How many ids wait in each of these queues: jobs are counted, their sizes are taken from the jobs at both ends.
 * Queues in which nothing waits are left out.
 * @throws when Redis does not answer.
 */
export async function waitingIds(
  redis: Redis,
  prefix: string,
  queues: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const lengths = redis.pipeline();
  for (const queue of queues) lengths.llen(waitKey(prefix, queue));
  const jobs = (await results(lengths)).map(Number);
  const used = queues.flatMap((queue, i) => ((jobs[i] ?? 0) > 0 ? [{ queue, jobs: jobs[i] ?? 0 }] : []));
  if (used.length === 0) return new Map();
  const samples = redis.pipeline();
  for (const { queue } of used)
    samples.lrange(waitKey(prefix, queue), 0, SAMPLE - 1).lrange(waitKey(prefix, queue), -SAMPLE, -1);
  const found = await results(samples);
  return new Map(
    used.map((own, i) => {
      const [newest, oldest] = [found[2 * i] as string[], found[2 * i + 1] as string[]];
      // Shorter than one sample: that is all there are.
      const sample = own.jobs <= SAMPLE ? newest : [...newest, ...oldest];
      const ids = sample.reduce((sum, jobId) => sum + idsOfJob(jobId), 0);
      return [own.queue, sample.length === 0 ? 0 : Math.round((ids / sample.length) * own.jobs)];
    }),
  );
}

async function results(commands: ChainableCommander): Promise<unknown[]> {
  const answers = (await commands.exec()) ?? [];
  return answers.map(([error, answer]) => {
    if (error) throw error;
    return answer;
  });
}

const millisecondsOf = (time: unknown): number => {
  const [seconds, microseconds] = time as [string | number, string | number];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
};
