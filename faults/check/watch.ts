/** Watches the store while a scenario runs: what is overdue, and when the system had caught up. */
import type { mongo } from 'mongoose';

const LOOK_MS = 250;
/** What is due this long and not finished is a backlog. */
const OVERDUE_MS = 2_000;
/** The system has recovered once it was normal for so long. */
const STEADY_MS = 4_000;

export interface Look {
  /** Epoch ms. */
  readonly at: number;
  /** The store answered, and nothing was overdue. */
  readonly caughtUp: boolean;
}

/**
 * Seconds from `since` until the system was normal and stayed so for a while; undefined when it never was. Pure.
 * @param looks in their order.
 * @param slowAt when acknowledgements were slow or failed: those times are not normal either.
 */
export function recoverySeconds(
  looks: readonly Look[],
  since: number,
  slowAt: readonly number[],
): number | undefined {
  const bad = [...looks.filter(({ caughtUp }) => !caughtUp).map(({ at }) => at), ...slowAt]
    .filter((at) => at >= since)
    .sort((a, b) => a - b);
  let normalFrom = since;
  for (const at of bad) {
    if (at - normalFrom > STEADY_MS) break;
    normalFrom = at;
  }
  const last = looks.at(-1)?.at ?? since;
  return last <= normalFrom && normalFrom > since ? undefined : (normalFrom - since) / 1000;
}

export class Watch {
  readonly #db: mongo.Db;
  readonly #ids: { readonly from: string; readonly to: string };
  readonly #looks: Look[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /** @param idemStart start of the run's unique keys in the store. */
  constructor(db: mongo.Db, idemStart: string) {
    this.#db = db;
    this.#ids = { from: idemStart, to: `${idemStart}~` };
    void this.#look();
  }

  /** Notifications that are not final, by the store; undefined when it does not answer. */
  async open(dueBefore?: number): Promise<number | undefined> {
    try {
      return await this.#db.collection('notifications').countDocuments(
        {
          idem: { $gte: this.#ids.from, $lt: this.#ids.to },
          state: { $in: ['SCHEDULED', 'ACCEPTED', 'PROCESSING'] },
          ...(dueBefore !== undefined && { dueAt: { $lte: new Date(dueBefore) } }),
        },
        { maxTimeMS: 5_000 },
      );
    } catch {
      // The store is the one that is away: that is what the scenario is about.
      return undefined;
    }
  }

  /** Waits until nothing is open. @returns what is still open after `timeoutMs`; 0 when all is done. */
  async drained(timeoutMs: number): Promise<number> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const open = await this.open();
      if (open === 0 || Date.now() > deadline) return open ?? Number.NaN;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  /** @see recoverySeconds */
  recoverySeconds(since: number, slowAt: readonly number[]): number | undefined {
    return recoverySeconds(this.#looks, since, slowAt);
  }

  async stop(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const at = Date.now();
    const overdue = await this.open(at - OVERDUE_MS);
    if (this.#ended) return;
    this.#looks.push({ at, caughtUp: overdue === 0 });
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
  }
}
