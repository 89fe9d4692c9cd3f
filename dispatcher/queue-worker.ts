/** One queue's worker: counts what it has in hand, and can be replaced by a new one when it no longer takes jobs. */
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { Counter } from 'prom-client';
import { within } from '../platform/data-services/within.ts';
import { metricsRegistry } from '../platform/http/metrics.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { type TakenJob, takenJob } from './taken-job.ts';

const restarts = new Counter({
  name: 'herald_worker_restarts_total',
  help: 'Workers that no longer took jobs and were replaced.',
  labelNames: ['queue'] as const,
  registers: [metricsRegistry],
});

/**
 * Jobs are idempotent and attempts are counted in the documents, so that BullMQ's own retries are a second string:
 * a job whose process died is given to another worker after lock and check (at most 45 s; the sweeper, which looks
 * at the documents, is faster), once. A job that has taken two processes with it is dropped: the sweeper brings its
 * ids back in other jobs.
 */
const STALLED = { lockDuration: 30_000, stalledInterval: 15_000, maxStalledCount: 1 } as const;
/** After an error that is not a lost connection (Redis out of memory, loading): BullMQ's own 15 s is long for an OTP. */
const RETRY_DELAY_MS = 1_000;
/** How long a worker that is being replaced may take to let go. */
const LET_GO_MS = 5_000;

/** A worker, and what it has in hand. */
interface Generation {
  readonly worker: Worker;
  inHand: number;
}

export class QueueWorker<J = unknown> {
  readonly queue: string;
  readonly concurrency: number;
  readonly #work: (data: J, taken: TakenJob) => Promise<void>;
  readonly #blocking: Redis;
  readonly #prefix: string;
  readonly #log: Logger;
  #generation: Generation;
  #takenAt = performance.now();
  #closed = false;

  /**
   * Starts at once.
   * @param blocking a connection that may wait (BullMQ makes one more from it).
   * @param concurrency jobs worked on at once.
   */
  constructor(options: {
    queue: string;
    concurrency: number;
    work: (data: J, taken: TakenJob) => Promise<void>;
    blocking: Redis;
    prefix: string;
    log: Logger;
  }) {
    this.queue = options.queue;
    this.concurrency = options.concurrency;
    this.#work = options.work;
    this.#blocking = options.blocking;
    this.#prefix = options.prefix;
    this.#log = options.log;
    this.#generation = this.#start();
  }

  /** The BullMQ worker of now. */
  get worker(): Worker {
    return this.#generation.worker;
  }
  /** Jobs that it works on. */
  get inHand(): number {
    return this.#generation.inHand;
  }
  /** Whether its loop runs: it takes jobs, or waits for some. */
  get running(): boolean {
    return this.worker.isRunning() && !this.worker.isPaused();
  }
  /** Time since it has taken a job, or was started, in ms. */
  get sinceTakenMs(): number {
    return performance.now() - this.#takenAt;
  }

  /** Puts a new worker in the place of this one, which finishes what it has in hand if it still can. */
  async restart(): Promise<void> {
    if (this.#closed) return;
    const stuck = this.#generation;
    restarts.inc({ queue: this.queue });
    // By force: it does not wait for the jobs in hand, which end by themselves or were lost.
    try {
      await within(LET_GO_MS, stuck.worker.close(true));
    } catch (error) {
      this.#log.warn({ err: error, queue: this.queue }, 'worker: did not let go; replaced all the same');
    }
    this.#takenAt = performance.now();
    if (!this.#closed) this.#generation = this.#start();
  }

  /** Finishes the jobs in hand. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.worker.close();
  }

  #start(): Generation {
    let generation: Generation | undefined;
    const worker = new Worker<J>(
      this.queue,
      async (job: Job<J>) => {
        this.#takenAt = performance.now();
        if (generation) generation.inHand += 1;
        try {
          await this.#work(job.data, takenJob(job));
        } finally {
          if (generation) generation.inHand -= 1;
        }
      },
      {
        connection: this.#blocking,
        prefix: this.#prefix,
        concurrency: this.concurrency,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        runRetryDelay: RETRY_DELAY_MS,
        ...STALLED,
      },
    );
    generation = { worker, inHand: 0 };
    this.#tell(worker);
    return generation;
  }

  #tell(worker: Worker): void {
    let said = false;
    worker.on('error', (error) => {
      if (!said)
        this.#log.warn(
          { err: error, queue: this.queue },
          'worker: trouble with Redis; going on when it is back',
        );
      said = true;
    });
    for (const sign of ['ready', 'active'] as const)
      worker.on(sign, () => {
        said = false;
      });
    worker.on('failed', (job, error) =>
      this.#log.error({ err: error, queue: this.queue, job: job?.id }, 'job failed'),
    );
  }
}
