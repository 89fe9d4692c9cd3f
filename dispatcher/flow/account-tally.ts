/** How one process has fared with one provider account, of late: counted at each attempt, read when health is told. */
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import type { AccountReport } from '../../platform/provider-health/account-report.ts';
import { isFailing } from '../../platform/provider-health/account-report.ts';
import type { SendOutcome } from '../channels/contract.ts';
import type { ProviderSign } from './circuit-outcome.ts';

const BUCKETS = 12;
const BUCKET_MS = 5_000;
/** For operators to read, not to keep. */
const MAX_MESSAGE_CHARS = 500;

type Told = Pick<
  AccountReport,
  'sent' | 'failed' | 'ownFailed' | 'okAt' | 'failedAt' | 'degradedSince' | 'lastError'
>;

export class AccountTally {
  readonly #sent = new Uint32Array(BUCKETS);
  readonly #failed = new Uint32Array(BUCKETS);
  readonly #ownFailed = new Uint32Array(BUCKETS);
  #bucket = 0;
  /** When the present bucket began (monotonic). */
  #since: number;
  #wasOk = false;
  #failing = false;
  #okAt: number | undefined;
  #failedAt: number | undefined;
  #degradedSince: number | undefined;
  #lastError: AccountReport['lastError'];

  /** @param now monotonic, in ms. */
  constructor(now: number = performance.now()) {
    this.#since = now;
  }

  /** Costs a message that was taken no clock and no memory. */
  note(outcome: SendOutcome, { sign, pauseMs }: ProviderSign): void {
    const at = this.#bucket;
    if (outcome.kind === 'accepted') this.#sent[at] = (this.#sent[at] ?? 0) + 1;
    else this.#failed[at] = (this.#failed[at] ?? 0) + 1;
    if (sign === 'ok') {
      this.#wasOk = true;
      this.#failing = false;
    }
    if (outcome.kind === 'accepted' || (sign === 'ok' && pauseMs === 0)) return;
    const now = sharedNow();
    if (sign === 'failed') {
      this.#ownFailed[at] = (this.#ownFailed[at] ?? 0) + 1;
      this.#failing = true;
      this.#failedAt = now;
    }
    const code = outcome.kind === 'rateLimited' ? 'CHANNEL_RATE_LIMITED' : outcome.code;
    this.#lastError = { code, message: outcome.message.slice(0, MAX_MESSAGE_CHARS), at: now };
  }

  /**
   * What there is to tell. To be asked every few seconds: time passes here only then.
   * @param monotonic in ms. @param now by the shared clock.
   */
  told(monotonic: number = performance.now(), now: number = sharedNow()): Told {
    this.#moveOn(monotonic);
    // Not after the failure that came later in the same few seconds.
    if (this.#wasOk) this.#okAt = this.#failing ? (this.#failedAt ?? now) - 1 : now;
    this.#wasOk = false;
    const counts = { sent: sum(this.#sent), failed: sum(this.#failed), ownFailed: sum(this.#ownFailed) };
    if (this.#failing || isFailing(counts)) this.#degradedSince ??= this.#failedAt ?? now;
    else this.#degradedSince = undefined;
    return {
      ...counts,
      ...(this.#okAt !== undefined && { okAt: this.#okAt }),
      ...(this.#failedAt !== undefined && { failedAt: this.#failedAt }),
      ...(this.#degradedSince !== undefined && { degradedSince: this.#degradedSince }),
      ...(this.#lastError && { lastError: this.#lastError }),
    };
  }

  #moveOn(monotonic: number): void {
    const steps = Math.floor((monotonic - this.#since) / BUCKET_MS);
    this.#since += steps * BUCKET_MS;
    for (let step = 0; step < Math.min(steps, BUCKETS); step++) {
      this.#bucket = (this.#bucket + 1) % BUCKETS;
      for (const counts of [this.#sent, this.#failed, this.#ownFailed]) counts[this.#bucket] = 0;
    }
  }
}

const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0);
