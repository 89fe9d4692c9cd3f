/** Whether an attempt through one provider account may be made now: its circuit breakers, its window, its rate, its quota. */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { SendOutcome } from '../channels/contract.ts';
import { AccountTally } from './account-tally.ts';
import { signOf } from './circuit-outcome.ts';
import type { DeferReason } from './flow-metrics.ts';
import type { AccountLimits, Permits } from './permits.ts';
import type { SendWindow } from './send-window.ts';
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

/** A provider that is asked before a probe has so long. */
export const ASK_MS = 5_000;
/** After so many questions without an answer a message probes all the same. */
const MOST_UNANSWERED = 10;

/** When to look again for a place, where nobody tells of it. */
const BUSY: NotNow = { waitMs: 100, why: 'busy' };

export class ProviderFlow {
  readonly ratePerSecond: number | undefined;
  readonly limits: AccountLimits;
  /** What came of the attempts of this process. */
  readonly tally = new AccountTally();
  readonly #provider: string;
  readonly #destination: ((address: string) => string | undefined) | undefined;
  readonly #circuits: SharedCircuits;
  readonly #permits: Permits | undefined;
  readonly #window: SendWindow | undefined;
  readonly #answers: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  readonly #probeLostAfterMs: number;
  /** Questions before probes, since one was answered. */
  #unanswered = 0;

  /**
   * @param deps.destination the host behind an address, where recipients have servers of their own.
   * @param deps.permits absent when the account has no limits.
   * @param deps.window absent where hosts of recipients are paused one by one: what one of them does says nothing of others.
   * @param deps.answers asks the provider something without sending anything: whether it answers in time. Never throws.
   * @param deps.probeLostAfterMs longer than that and an attempt take.
   */
  constructor(deps: {
    provider: string;
    destination: ((address: string) => string | undefined) | undefined;
    circuits: SharedCircuits;
    permits: Permits | undefined;
    window?: SendWindow | undefined;
    answers?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
    limits: AccountLimits;
    probeLostAfterMs: number;
  }) {
    this.#provider = deps.provider;
    this.#destination = deps.destination;
    this.#circuits = deps.circuits;
    this.#permits = deps.permits;
    this.#window = deps.window;
    this.#answers = deps.answers;
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

  /** Attempts that could be begun at once, by what is under way. */
  get free(): number {
    return this.#window?.free ?? Number.MAX_SAFE_INTEGER;
  }

  /**
   * Takes a place in the window, then asks the circuit for one attempt.
   * @param want.patienceMs how long a pause, or somebody else's probe, is waited for.
   * @param want.placePatienceMs how long a place is waited for: one is free within the time of an attempt.
   */
  async enter(
    want: {
      readonly address: string;
      readonly priority: Priority;
      readonly patienceMs: number;
      readonly placePatienceMs: number;
    },
    pause: Pause,
  ): Promise<Admission | NotNow> {
    const name = this.#circuitOf(want.address);
    const shut = notNow(this.#circuits.peek(name));
    if (shut && shut.waitMs > want.patienceMs) return shut;
    if (this.#window && !(await this.#window.take(want.priority, want.placePatienceMs, pause))) return BUSY;
    const answer = await this.#enterCircuit(name, want.patienceMs, pause);
    if ('waitMs' in answer) this.#window?.leave();
    return answer;
  }

  async #enterCircuit(name: CircuitName, patienceMs: number, pause: Pause): Promise<Admission | NotNow> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const answer = await this.#circuits.enter(name, this.#probeLostAfterMs);
      if (!('waitMs' in answer)) {
        if (answer.probe === undefined || (await this.#mayProbe()))
          return this.#admission(name, answer.probe);
        await this.#circuits.report(name, { sign: 'failed', pauseMs: 0 }, answer.probe);
        // Open again by now, for longer.
        return notNow(this.#circuits.peek(name)) ?? BUSY;
      }
      if (performance.now() + answer.waitMs > end || !(await pause(answer.waitMs))) return answer;
      await this.#circuits.refresh(name);
    }
  }

  /**
   * Whether a message may be risked as a probe. Where a person would have to decide about one that gets no answer, the
   * provider is asked something else first; but a question that is never answered must not shut the account for ever.
   */
  async #mayProbe(): Promise<boolean> {
    if (!this.#answers || (await this.#answers(AbortSignal.timeout(ASK_MS)))) {
      this.#unanswered = 0;
      return true;
    }
    this.#unanswered = (this.#unanswered + 1) % MOST_UNANSWERED;
    return this.#unanswered === 0;
  }

  #admission(name: CircuitName, probe: string | undefined): Admission {
    return {
      done: (outcome) => {
        const sign = signOf(outcome);
        this.tally.note(outcome, sign);
        void this.#circuits.report(name, sign, probe);
        this.#window?.leave(sign);
      },
      unused: () => {
        if (probe !== undefined) this.#circuits.unused(name, probe);
        this.#window?.leave();
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

/** Those put off together come back within so long: what they go to is shielded by its window and its rate. */
const MOST_SPREAD_MS = 2_000;
/** Many are put off by one write, and come back in one job. */
const STEP_MS = 250;

/**
 * When what was put off comes back: not before `waitMs`, at which an open circuit is probed, and not all at the same
 * moment. Rounded up, so that many are put off together. Pure.
 * @param random in [0, 1).
 * @param expiresAt it comes back then at the latest, to be EXPIRED in time.
 */
export function comesBackAt(now: number, waitMs: number, random: number, expiresAt?: Date): Date {
  const spread = Math.min(MOST_SPREAD_MS, STEP_MS + waitMs / 4);
  const at = Math.ceil((now + waitMs + spread * random) / STEP_MS) * STEP_MS;
  return new Date(expiresAt ? Math.min(at, Math.max(now, expiresAt.getTime())) : at);
}
