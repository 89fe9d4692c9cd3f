/** Writes down what became of attempts, in groups, and queues what follows from it. */
import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import { outlastOutage } from '../../platform/storage/outlast-outage.ts';
import type { AttemptOutcome, Outbox } from '../../subgraphs/notifications/index.ts';
import type { ProviderChannel } from '../channels/contract.ts';
import type { Enqueue } from '../plan/planner.ts';
import { droppedTotal } from './send-metrics.ts';

const MAX_GROUP = 200;

export class Outcomes {
  readonly #channel: ProviderChannel;
  readonly #outbox: Pick<Outbox, 'record'>;
  readonly #fence: string;
  readonly #enqueue: Enqueue;
  readonly #records: Batcher<AttemptOutcome, true>;

  /** @param deps.fence under which the deliveries are held. */
  constructor(deps: {
    channel: ProviderChannel;
    outbox: Pick<Outbox, 'record'>;
    fence: string;
    enqueue: Enqueue;
  }) {
    this.#channel = deps.channel;
    this.#outbox = deps.outbox;
    this.#fence = deps.fence;
    this.#enqueue = deps.enqueue;
    this.#records = new Batcher((outcomes) => this.#record(outcomes), { maxGroup: MAX_GROUP });
  }

  /**
   * While MongoDB is away nobody else can claim either: the outcome waits for it, and is fenced when it is written.
   * @throws what the store throws for other reasons.
   */
  async recordSurely(outcome: AttemptOutcome): Promise<void> {
    try {
      await outlastOutage(() => this.#records.submit(outcome));
    } catch (error) {
      droppedTotal.inc({ channel: this.#channel, reason: 'record' });
      throw error;
    }
  }

  async #record(outcomes: readonly AttemptOutcome[]): Promise<BatchResult<true>[]> {
    await this.#enqueue(await this.#outbox.record(outcomes, this.#fence));
    return outcomes.map(() => ({ ok: true, value: true }));
  }
}
