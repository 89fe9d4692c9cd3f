/**
 * Looks after the workers of this process: one that takes nothing although jobs wait and it has room is replaced.
 * What it sees is in the metrics, and in what `readyz` says.
 */
import type { Redis } from 'ioredis';
import { Gauge } from 'prom-client';
import { metricsRegistry } from '../platform/http/metrics.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { queueStates } from '../platform/queues/queue-states.ts';
import type { QueueWorker } from './queue-worker.ts';

const waitingJobs = new Gauge({
  name: 'herald_queue_waiting_jobs',
  help: 'Jobs that wait for a worker.',
  labelNames: ['queue'] as const,
  registers: [metricsRegistry],
});
const oldestWaiting = new Gauge({
  name: 'herald_queue_oldest_waiting_seconds',
  help: 'How long the job that is next has waited.',
  labelNames: ['queue'] as const,
  registers: [metricsRegistry],
});
const jobsInHand = new Gauge({
  name: 'herald_worker_jobs_in_hand',
  help: 'Jobs that the worker of this process works on.',
  labelNames: ['queue'] as const,
  registers: [metricsRegistry],
});

/** What is known of a worker and its queue at one look. Times in ms. */
export interface WorkerState {
  /** Jobs that wait. */
  readonly jobs: number;
  /** How long some have waited at every look. */
  readonly waitingMs: number;
  readonly sinceTakenMs: number;
  readonly inHand: number;
  readonly concurrency: number;
  readonly running: boolean;
}

/**
 * Whether the worker must be replaced. Pure. A queue that is long because there is much to do is no reason, nor is
 * a worker that has its hands full.
 */
export const isStuck = (state: WorkerState, limitMs: number): boolean =>
  state.jobs > 0 &&
  state.waitingMs >= limitMs &&
  state.sinceTakenMs >= limitMs &&
  (!state.running || state.inHand < state.concurrency);

export class Watchdog {
  readonly #workers: readonly QueueWorker[];
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #limitMs: number;
  readonly #log: Logger;
  /** Since when jobs have waited at every look, by queue. */
  readonly #waitingSince = new Map<string, number>();
  #problems: readonly string[] = [];
  #looking: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;

  /**
   * Looks from now on, until `close`.
   * @param redis a `commands` connection: not the workers' own.
   * @param limitMs how long a worker may take nothing.
   */
  constructor(deps: {
    workers: readonly QueueWorker[];
    redis: Redis;
    prefix: string;
    limitMs: number;
    log: Logger;
  }) {
    this.#workers = deps.workers;
    this.#redis = deps.redis;
    this.#prefix = deps.prefix;
    this.#limitMs = deps.limitMs;
    this.#log = deps.log;
    this.#timer = setInterval(
      () => {
        this.#looking ??= this.#look().finally(() => {
          this.#looking = undefined;
        });
      },
      Math.max(250, Math.min(2_000, this.#limitMs / 5)),
    );
    this.#timer.unref();
  }

  /** What it saw last and is wrong, one sentence each. */
  problems(): readonly string[] {
    return this.#problems;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const states = await queueStates(
        this.#redis,
        this.#prefix,
        this.#workers.map((worker) => worker.queue),
      );
      const problems: string[] = [];
      await Promise.all(
        states.map(async ({ queue, jobs, oldestMs = 0 }, i) => {
          const worker = this.#workers[i];
          if (!worker) return;
          waitingJobs.set({ queue }, jobs);
          oldestWaiting.set({ queue }, oldestMs / 1_000);
          jobsInHand.set({ queue }, worker.inHand);
          const problem = await this.#judge(worker, jobs, oldestMs);
          if (problem !== undefined) problems.push(problem);
        }),
      );
      this.#problems = problems;
    } catch (error) {
      // Without Redis nothing can be taken: that is no fault of a worker, and `readyz` says it already.
      this.#waitingSince.clear();
      this.#problems = [];
      this.#log.debug({ err: error }, 'watchdog: queues not seen');
    }
  }

  async #judge(worker: QueueWorker, jobs: number, oldestMs: number): Promise<string | undefined> {
    const { queue, sinceTakenMs, inHand, concurrency, running } = worker;
    const now = performance.now();
    if (jobs === 0) this.#waitingSince.delete(queue);
    else if (!this.#waitingSince.has(queue)) this.#waitingSince.set(queue, now);
    const waitingMs = now - (this.#waitingSince.get(queue) ?? now);
    if (isStuck({ jobs, waitingMs, sinceTakenMs, inHand, concurrency, running }, this.#limitMs)) {
      this.#log.error({ queue, jobs, oldestMs, sinceTakenMs, running }, 'worker takes no jobs: replaced');
      await worker.restart();
      return `the worker of ${queue} took no jobs and was replaced`;
    }
    // Of the other queues a long wait is news for the dashboards: there may just be much to do.
    if (queue.endsWith('-high') && oldestMs > this.#limitMs)
      return `${queue}: the oldest waiting job waits since ${Math.round(oldestMs / 1_000)} s`;
    return undefined;
  }
}
