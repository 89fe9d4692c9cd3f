/** Whether an attempt through one provider account may be made now: its circuit breakers, its rate, its quota. */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { SendOutcome } from '../channels/contract.ts';
import { AccountTally } from './account-tally.ts';
import { signOf } from './circuit-outcome.ts';
import type { DeferReason } from './flow-metrics.ts';
import type { AccountLimits, Permits } from './permits.ts';
import type { CircuitName, SharedCircuits } from './shared-circuits.ts';

/** Not now: come back in `waitMs`. */
export interface NotNow {
  readonly waitMs: number;
  readonly why: Extract<DeferReason, 'circuit' | 'paused' | 'rate' | 'quota' | 'busy' | 'hours'>;
}

/** The right to make one attempt. Whoever has it calls `done` or `unused`, once. */
export interface Admission {
  done(outcome: SendOutcome): void;
  /** No attempt was made. */
  unused(): void;
}

/** Waits; false when the end of the process cut it short. */
export type Pause = (ms: number) => Promise<boolean>;

export class ProviderFlow {
  readonly ratePerSecond: number | undefined;
  readonly limits: AccountLimits;
  /** What came of the attempts of this process. */
  readonly tally = new AccountTally();
  readonly #provider: string;
  readonly #destination: ((address: string) => string | undefined) | undefined;
  readonly #circuits: SharedCircuits;
  readonly #permits: Permits | undefined;
  readonly #probeLostAfterMs: number;

  /**
   * @param deps.destination the host behind an address, where recipients have servers of their own.
   * @param deps.permits absent when the account has no limits.
   * @param deps.probeLostAfterMs longer than an attempt takes.
   */
  constructor(deps: {
    provider: string;
    destination: ((address: string) => string | undefined) | undefined;
    circuits: SharedCircuits;
    permits: Permits | undefined;
    limits: AccountLimits;
    probeLostAfterMs: number;
  }) {
    this.#provider = deps.provider;
    this.#destination = deps.destination;
    this.#circuits = deps.circuits;
    this.#permits = deps.permits;
    this.ratePerSecond = deps.limits.ratePerSecond;
    this.limits = deps.limits;
    this.#probeLostAfterMs = deps.probeLostAfterMs;
  }

  /** Whether each host of recipients has a circuit of its own, and the account none. */
  get hasHosts(): boolean {
    return this.#destination !== undefined;
  }

  /** Whether nothing at all can be sent now, by what is known here. Where hosts have circuits of their own: never. */
  shut(): NotNow | undefined {
    return this.#destination ? undefined : notNow(this.#circuits.peek({ provider: this.#provider }));
  }

  /** One message of the account's rate and quota; waits for it up to `patienceMs`. */
  async permit(priority: Priority, patienceMs: number, pause: Pause): Promise<NotNow | undefined> {
    if (!this.#permits) return undefined;
    const end = performance.now() + patienceMs;
    for (;;) {
      const answer = await this.#permits.take(priority);
      if (answer.granted) return undefined;
      if (performance.now() + answer.waitMs > end || !(await pause(answer.waitMs))) return answer;
    }
  }

  /** A permit that was not used. */
  giveBack(): void {
    void this.#permits?.giveBack();
  }

  /** Asks the circuit for one attempt; waits up to `patienceMs` for a pause or somebody else's probe to end. */
  async enter(address: string, patienceMs: number, pause: Pause): Promise<Admission | NotNow> {
    const name = this.#circuitOf(address);
    const end = performance.now() + patienceMs;
    for (;;) {
      const answer = await this.#circuits.enter(name, this.#probeLostAfterMs);
      if (!('waitMs' in answer)) return this.#admission(name, answer.probe);
      if (performance.now() + answer.waitMs > end || !(await pause(answer.waitMs))) return answer;
      await this.#circuits.refresh(name);
    }
  }

  #admission(name: CircuitName, probe: string | undefined): Admission {
    return {
      done: (outcome) => {
        const sign = signOf(outcome);
        this.tally.note(outcome, sign);
        this.#circuits.report(name, sign, probe);
      },
      unused: () => {
        if (probe !== undefined) this.#circuits.unused(name, probe);
      },
    };
  }

  #circuitOf(address: string): CircuitName {
    const host = this.#destination?.(address);
    return { provider: this.#provider, ...(host !== undefined && { host }) };
  }
}

const notNow = (stance: ReturnType<SharedCircuits['peek']>): NotNow | undefined =>
  stance.kind === 'wait' ? { waitMs: stance.waitMs, why: stance.why } : undefined;

/**
 * When what was put off comes back: not before `waitMs`, and not all at the same moment. Rounded up to half a second,
 * so that many are put off by one write. Pure.
 * @param random in [0, 1).
 * @param expiresAt it comes back then at the latest, to be EXPIRED in time.
 */
export function comesBackAt(now: number, waitMs: number, random: number, expiresAt?: Date): Date {
  const spread = Math.min(5_000, 500 + waitMs / 2);
  const at = Math.ceil((now + waitMs + spread * random) / 500) * 500;
  return new Date(expiresAt ? Math.min(at, Math.max(now, expiresAt.getTime())) : at);
}
