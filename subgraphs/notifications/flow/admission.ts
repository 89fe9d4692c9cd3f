/**
 * Whether a send is taken in at all: when the queues grow longer than their limits, LOW is refused first, then
 * MEDIUM, and HIGH only at a limit that keeps Redis alive. How long they are is looked up in the background, so that
 * deciding costs a comparison.
 */
import { Counter, Gauge } from 'prom-client';
import type { Settings } from '../../../platform/config/settings.ts';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { metricsRegistry } from '../../../platform/http/metrics.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { DispatchQueues } from '../../../platform/queues/queues.ts';

/** For each priority: with more notifications and deliveries than this in all queues together it is refused. */
export type QueueLimits = Readonly<Record<Priority, number>>;

/** The limits that the settings give. */
export const queueLimitsOf = (settings: Settings): QueueLimits => ({
  LOW: settings.QUEUE_LIMIT_LOW,
  MEDIUM: settings.QUEUE_LIMIT_MEDIUM,
  HIGH: settings.QUEUE_LIMIT_HIGH,
});

const LOOK_MS = 1_000;
/** A backlog of this size takes longer to work off; sooner than this nobody need ask. */
const RETRY_AFTER_MS = 5_000;

const backlog = new Gauge({
  name: 'herald_queue_backlog_ids',
  help: 'Notifications and deliveries that wait in all queues together.',
  registers: [metricsRegistry],
});
const refused = new Counter({
  name: 'herald_sends_refused_total',
  help: 'Sends refused because the queues were too long.',
  labelNames: ['priority'] as const,
  registers: [metricsRegistry],
});

/** The error for a send of this priority while so many wait; undefined when it may come in. Pure. */
export function refusalOf(priority: Priority, waiting: number, limits: QueueLimits): HeraldError | undefined {
  const limit = limits[priority];
  if (waiting <= limit) return undefined;
  return new HeraldError(
    'UNAVAILABLE',
    `The queues are full: ${waiting} notifications and deliveries wait, and with more than ${limit} a send of priority ${priority} is refused. Try again in ${RETRY_AFTER_MS} ms with the same idempotencyKey.`,
    { retryAfterMs: RETRY_AFTER_MS },
  );
}

export class Admission {
  readonly #queues: Pick<DispatchQueues, 'waiting'>;
  readonly #limits: QueueLimits;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;
  #looking: Promise<void> | undefined;

  /** Looks from now on, every second, until `close`. */
  constructor(queues: Pick<DispatchQueues, 'waiting'>, limits: QueueLimits, log: Logger) {
    this.#queues = queues;
    this.#limits = limits;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** The error for a send of this priority, undefined when it may come in. */
  refusal(priority: Priority): HeraldError | undefined {
    const refusal = refusalOf(priority, this.#waiting, this.#limits);
    if (refusal) refused.inc({ priority });
    return refusal;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const wasFull = this.#isFull();
    try {
      const lengths = await this.#queues.waiting();
      this.#waiting = [...lengths.values()].reduce((sum, own) => sum + own, 0);
      backlog.set(this.#waiting);
    } catch (error) {
      // Sends are taken without Redis too; what is stored meanwhile is queued when it is back.
      this.#waiting = 0;
      this.#log.debug({ err: error }, 'admission: queues not seen');
    }
    if (this.#isFull() !== wasFull)
      this.#log.warn(
        { waiting: this.#waiting, limits: this.#limits },
        wasFull ? 'queues have room again' : 'queues are full: sends are refused, LOW first',
      );
  }

  #isFull(): boolean {
    return this.#waiting > this.#limits.LOW;
  }
}
