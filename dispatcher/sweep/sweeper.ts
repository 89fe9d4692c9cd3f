/**
 * The sweeper: re-queues what is due and may be in no queue (its job was lost with Redis, its worker died, it was
 * scheduled for now), ends claims of dead workers and finishes what was left half-recorded. One process at a time is
 * elected. What it writes is fenced: a sweeper that was stopped and wakes up when another one has been elected moves
 * no time and takes no claim. Jobs that it still adds are harmless: whoever takes them finds nothing to do.
 */
import { sharedDate } from '../../platform/clock/shared-clock.ts';
import { PRIORITIES } from '../../platform/graphql/contract-enums.ts';
import { ElectedLoop } from '../../platform/lifecycle/elected-loop.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { planQueueName, sendQueueName } from '../../platform/names/redis-names.ts';
import { enqueueSends } from '../../platform/queues/enqueue-sends.ts';
import { chunked, type DispatchQueues, SENT_CHANNELS } from '../../platform/queues/queues.ts';
import { type FencedLock, TurnLostError } from '../../platform/storage/fenced-lock.ts';
import type { Lane, Outbox, PlanLane, SweepRound } from '../../subgraphs/notifications/index.ts';
import type { QueueHistory } from './queue-history.ts';
import { sweepMetrics } from './sweep-metrics.ts';

/** What was re-queued is looked at again after this time. */
const LOOK_AGAIN_MS = 30_000;
/** Ids that a queue should hold, to be worked off in seconds. */
const LANE_IDS = 20_000;
/** Pause before the next round where there is more: by then the workers have made room in the queues. */
const REFILL_MS = 250;

export interface SweepResult {
  readonly notifications: number;
  readonly deliveries: number;
  /** Whether there may be more that is due. */
  readonly more: boolean;
}

export class Sweeper {
  readonly #outbox: Outbox;
  readonly #queues: DispatchQueues;
  readonly #chunkSize: number;
  readonly #history: QueueHistory;
  readonly #lock: FencedLock;
  readonly #laneIds: number;
  readonly #log: Logger;
  readonly #loop: ElectedLoop;

  /**
   * @param deps.history looks at the queues from `start` to `close`.
   * @param deps.intervalMs pause after a round that left nothing over.
   * @param deps.laneIds with more ids waiting in a queue, what is due is most likely among them: it is left there.
   */
  constructor(deps: {
    outbox: Outbox;
    queues: DispatchQueues;
    history: QueueHistory;
    lock: FencedLock;
    chunkSize: number;
    intervalMs: number;
    laneIds?: number;
    log: Logger;
  }) {
    this.#outbox = deps.outbox;
    this.#queues = deps.queues;
    this.#history = deps.history;
    this.#chunkSize = deps.chunkSize;
    this.#lock = deps.lock;
    this.#laneIds = deps.laneIds ?? LANE_IDS;
    this.#log = deps.log;
    this.#loop = new ElectedLoop({
      name: 'sweeper',
      lock: deps.lock,
      idleMs: deps.intervalMs,
      round: () => this.#round(),
      log: deps.log,
    });
  }

  start(): void {
    this.#history.start();
    this.#loop.start();
  }

  async close(): Promise<void> {
    await this.#loop.close();
    await this.#history.close();
  }

  /**
   * One round over all lanes, the urgent first.
   * @throws TurnLostError when another sweeper was elected; what the store or Redis throws.
   */
  async sweep(): Promise<SweepResult> {
    const now = sharedDate();
    const limit = Math.ceil(this.#laneIds / 2);
    const round: SweepRound = {
      now,
      nextLook: new Date(now.getTime() + LOOK_AGAIN_MS),
      limit,
      guard: this.#lock.guard(),
    };
    const [waiting] = await Promise.all([this.#queues.waiting(), this.#history.look()]);
    const isFree = (queue: string) => (waiting.get(queue) ?? 0) <= this.#laneIds;
    // Not known yet what waited a while ago: what waits for a time, or was claimed, is looked at all the same.
    const inQueue = (queue: string): SweepRound => ({
      ...round,
      queuedBefore: this.#history.takenBefore(queue) ?? new Date(0),
    });
    let notifications = 0;
    let deliveries = 0;
    let fullest = 0;
    const foundPlans = (found: number) => {
      notifications += found;
      fullest = Math.max(fullest, found);
    };
    foundPlans(await this.#sweepPlans('TIMED', round));
    // One after the other: their transactions check the same election and would be in each other's way.
    for (const priority of PRIORITIES) {
      if (isFree(planQueueName(priority)))
        foundPlans(await this.#sweepPlans(priority, inQueue(planQueueName(priority))));
      for (const channel of SENT_CHANNELS) {
        const queue = sendQueueName(channel, priority);
        if (!isFree(queue)) continue;
        const found = await this.#sweepDeliveries({ channel, priority }, inQueue(queue));
        deliveries += found;
        fullest = Math.max(fullest, found);
      }
    }
    return { notifications, deliveries, more: fullest >= limit / 2 };
  }

  async #round(): Promise<boolean | number> {
    sweepMetrics.turn.set(this.#lock.token ?? 0);
    const stop = sweepMetrics.duration.startTimer();
    try {
      const { more, ...found } = await this.sweep();
      if (found.notifications + found.deliveries > 0) this.#log.info(found, 'sweeper: re-queued');
      return more ? REFILL_MS : false;
    } catch (error) {
      if (!(error instanceof TurnLostError)) throw error;
      sweepMetrics.turnsLost.inc();
      this.#log.warn('sweeper: another one was elected in the meantime; nothing was changed');
      return false;
    } finally {
      stop();
    }
  }

  async #sweepPlans(lane: PlanLane, round: SweepRound): Promise<number> {
    const found = await this.#outbox.sweepPlans(lane, round);
    for (const [priority, own] of Map.groupBy(found, (one) => one.priority))
      await this.#queues.addPlans(
        priority,
        chunked(
          own.map(({ id }) => id),
          this.#chunkSize,
        ).map((ids) => ({ ids, look: round.now.getTime() })),
      );
    sweepMetrics.requeued.inc({ what: 'notification' }, found.length);
    return found.length;
  }

  async #sweepDeliveries(lane: Lane, round: SweepRound): Promise<number> {
    const found = await this.#outbox.sweepDeliveries(lane, round);
    await enqueueSends(this.#queues, found, this.#chunkSize);
    sweepMetrics.requeued.inc({ what: 'delivery' }, found.length);
    return found.length;
  }
}
