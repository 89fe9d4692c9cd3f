/**
 * What waited in the queues a while ago. What was queued before the oldest job that a queue held then has been taken
 * since, or was lost with Redis; and whoever took it has had it for that while. So the sweeper takes nothing away
 * from a worker that has just got it, however long it waited before, and workers need not write claims.
 */
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { DispatchQueues } from '../../platform/queues/queues.ts';

const LOOK_EVERY_MS = 500;

/** One look at all queues. */
interface Look {
  /** By then it was over. */
  readonly at: number;
  /** By queue: what was queued earlier did not wait any more. */
  readonly before: ReadonlyMap<string, number>;
}

export class QueueHistory {
  readonly #queues: Pick<DispatchQueues, 'states'>;
  readonly #holdMs: number;
  readonly #log: Logger;
  /** The oldest first. */
  #looks: Look[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  /** @param holdMs how long ago: whoever takes a job is left alone with it for so long. */
  constructor(deps: { queues: Pick<DispatchQueues, 'states'>; holdMs: number; log: Logger }) {
    this.#queues = deps.queues;
    this.#holdMs = deps.holdMs;
    this.#log = deps.log;
  }

  /** Looks from now on: whoever may be elected needs to have looked before. */
  start(): void {
    let busy = false;
    this.#timer = setInterval(() => {
      if (busy) return;
      busy = true;
      this.#looking = this.look()
        // Redis is away: the connection says so. What was seen before holds all the same.
        .catch((error: unknown) => this.#log.debug({ err: error }, 'sweeper: queues not seen'))
        .finally(() => {
          busy = false;
        });
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** @throws when Redis does not answer. */
  async look(): Promise<void> {
    const from = sharedNow();
    const states = await this.#queues.states();
    const last = this.#looks.at(-1)?.before;
    const before = new Map<string, number>();
    for (const [queue, { oldestMs }] of states) {
      // The next job was taken while we looked: what was said of the queue last time still holds.
      const since = oldestMs === undefined ? last?.get(queue) : from - oldestMs;
      if (since !== undefined) before.set(queue, since);
    }
    this.#looks.push({ at: sharedNow(), before });
    const past = this.#looks.findLastIndex(({ at }) => at <= sharedNow() - this.#holdMs);
    if (past > 0) this.#looks = this.#looks.slice(past);
  }

  /**
   * What was queued before this has been out of `queue` for as long as a worker is left alone with it.
   * @returns nothing as long as that is not known.
   */
  takenBefore(queue: string): Date | undefined {
    const latest = sharedNow() - this.#holdMs;
    const since = this.#looks.findLast(({ at }) => at <= latest)?.before.get(queue);
    return since === undefined ? undefined : new Date(since);
  }
}
