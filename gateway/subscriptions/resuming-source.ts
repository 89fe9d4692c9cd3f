/** A source of events that outlives the loss of its subgraph: it is opened again from the last cursor. */
import type { ExecutionResult } from 'graphql';
import { startOf } from '../../platform/graphql/start-cursor.ts';
import type { ResultStream } from '../../platform/graphql/subgraph-executor.ts';
import { SLOW_CONSUMER } from './result-sink.ts';

/** How long, and how often, a lost subgraph is asked again. */
export interface ResumePolicy {
  /** After so long without it the stream ends with the subgraph's error. */
  readonly maxOutageMs: number;
  /** Longest wait before the second attempt; each further one may be twice as long. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

export const RESUME_POLICY: ResumePolicy = { maxOutageMs: 30_000, baseDelayMs: 200, maxDelayMs: 5_000 };

export interface ResumingSourceOptions {
  /** The stream that is open already. */
  readonly opened: ResultStream;
  /** Where that one began; null and undefined: nowhere that one could go back to. */
  readonly startCursor: unknown;
  /** Opens it again after `cursor`; a refusal is a result. Never rejects, nor do its streams. */
  open(cursor: unknown): Promise<ResultStream | ExecutionResult>;
  /** An event's cursor, if it has one. */
  cursorOf(event: ExecutionResult): unknown;
  readonly policy: ResumePolicy;
  onLost?(): void;
  /** An event came after a loss, or (`false`) it was given up. */
  onOutcome?(resumed: boolean): void;
}

/** A stream that was quiet this long before it was lost had been taken up again. */
const STEADY_MS = 10_000;

/**
 * Delay before attempt number `attempt` (from 0): exponential, with "equal jitter", so that the subscribers of a
 * subgraph do not all come back at once.
 */
export function resumeDelay(attempt: number, policy: ResumePolicy, random: number): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** attempt);
  return ceiling / 2 + (random * ceiling) / 2;
}

/** Whether a result says that the source is gone, not that something is wrong with the request. */
export const isLoss = ({ data, errors = [] }: ExecutionResult): boolean =>
  (data === undefined || data === null) &&
  errors.length > 0 &&
  errors.every(({ extensions: { code } }) => code === 'UNAVAILABLE' || code === SLOW_CONSUMER);

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** One reader, one `next` at a time. What was already received when the subgraph was lost is given out first. */
export class ResumingSource implements AsyncGenerator<ExecutionResult, undefined, undefined> {
  readonly #options: ResumingSourceOptions;
  #stream: ResultStream | undefined;
  #openedAt = performance.now();
  #cursor: unknown;
  #ended = false;
  /** The reader is gone. */
  #left = false;
  #lostAt: number | undefined;
  #attempt = 0;
  #wake: (() => void) | undefined;

  constructor(options: ResumingSourceOptions) {
    this.#options = options;
    this.#stream = options.opened;
    this.#cursor = options.startCursor;
  }

  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    while (!this.#ended) {
      const result = this.#stream ? await this.#read(this.#stream) : await this.#reopen();
      if (this.#left) break;
      if (result === 'end') this.#ended = true;
      else if (result !== 'again') return { value: result, done: false };
    }
    return DONE;
  }

  async #read(stream: ResultStream): Promise<ExecutionResult | 'end' | 'again'> {
    const { value, done } = await stream.next();
    if (done || this.#left) return 'end';
    const start = startOf(value);
    if (start !== undefined) {
      this.#cursor ??= start;
      return 'again';
    }
    if (isLoss(value)) {
      this.#stream = undefined;
      await stream.return(undefined);
      if (performance.now() - this.#openedAt > STEADY_MS) this.#recovered();
      this.#options.onLost?.();
      return this.#retry(value);
    }
    if (value.data !== undefined) this.#recovered();
    this.#cursor = this.#options.cursorOf(value) ?? this.#cursor;
    return value;
  }

  async #reopen(): Promise<ExecutionResult | 'again'> {
    const opened = await this.#options.open(this.#cursor);
    if (Symbol.asyncIterator in opened) {
      if (this.#left) await opened.return(undefined);
      else {
        this.#stream = opened;
        this.#openedAt = performance.now();
      }
      return 'again';
    }
    return isLoss(opened) ? this.#retry(opened) : this.#last(opened);
  }

  /** Waits for the next attempt, if there may be one. */
  async #retry(loss: ExecutionResult): Promise<ExecutionResult | 'again'> {
    const { policy } = this.#options;
    const now = performance.now();
    this.#lostAt ??= now;
    const delay = resumeDelay(this.#attempt++, policy, Math.random());
    const known = this.#cursor !== undefined && this.#cursor !== null;
    if (!known || now + delay - this.#lostAt > policy.maxOutageMs) return this.#last(loss);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return 'again';
  }

  #recovered(): void {
    if (this.#lostAt === undefined) return;
    this.#lostAt = undefined;
    this.#attempt = 0;
    this.#options.onOutcome?.(true);
  }

  #last(result: ExecutionResult): ExecutionResult {
    this.#ended = true;
    if (this.#lostAt !== undefined) this.#options.onOutcome?.(false);
    return result;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#ended = true;
    this.#left = true;
    this.#wake?.();
    const stream = this.#stream;
    this.#stream = undefined;
    await stream?.return(undefined);
    return DONE;
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
