/** A bounded queue of results between one source and one reader. */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { slowConsumers } from './live-metrics.ts';
import { serialisedResult } from './serialised-result.ts';

type Result = IteratorResult<ExecutionResult, undefined>;
const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Code of the error that a reader gets who did not keep up. */
export const SLOW_CONSUMER = 'SLOW_CONSUMER';

/** What may wait for one connection, over all of its subscriptions. */
export class ByteBudget {
  readonly #max: number;
  #used = 0;

  /** @param max in bytes (of UTF-8 where that is one byte a character). */
  constructor(max: number) {
    this.#max = max;
  }

  get used(): number {
    return this.#used;
  }

  get isHalfFull(): boolean {
    return this.#used * 2 >= this.#max;
  }

  /** @returns whether there was room. A single result always has room while nothing else waits. */
  take(bytes: number): boolean {
    if (this.#used > 0 && this.#used + bytes > this.#max) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/**
 * Written by `push`, `fail` and `end`, read as an async generator. A reader that lets more than `maxBuffer` results
 * wait, or more bytes than its connection's budget has, loses them, gets one error SLOW_CONSUMER and the end: one slow socket must not fill the memory of all.
 */
export class ResultSink implements AsyncGenerator<ExecutionResult, undefined, undefined> {
  readonly #maxBuffer: number;
  readonly #budget: ByteBudget | undefined;
  readonly #waitingReaders: ((result: Result) => void)[] = [];
  readonly #endListeners: (() => void)[] = [];
  #queue: ExecutionResult[] = [];
  /** An error needs no room. */
  #last: ExecutionResult | undefined;
  #ended = false;

  constructor(maxBuffer: number, budget?: ByteBudget) {
    this.#maxBuffer = maxBuffer;
    this.#budget = budget;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether its reader should get a turn before more is written. */
  get isHalfFull(): boolean {
    if (this.#ended || this.#queue.length === 0) return false;
    return this.#queue.length * 2 >= this.#maxBuffer || (this.#budget?.isHalfFull ?? false);
  }

  /** Called once, when nothing more can be written: at the end, after a failure, or because the reader left. */
  onEnd(listener: () => void): void {
    if (this.#ended) listener();
    else this.#endListeners.push(listener);
  }

  push(result: ExecutionResult): void {
    if (this.#ended) return;
    const reader = this.#waitingReaders.shift();
    if (reader) reader({ value: result, done: false });
    else if (
      this.#queue.length < this.#maxBuffer &&
      (this.#budget?.take(serialisedResult(result).length) ?? true)
    )
      this.#queue.push(result);
    else {
      this.#clear();
      slowConsumers.inc();
      this.fail(
        new GraphQLError('The events were not read fast enough. Subscribe again.', {
          extensions: { code: SLOW_CONSUMER },
        }),
      );
    }
  }

  /** The error is the last result; results that wait are still read before it. */
  fail(error: GraphQLError): void {
    if (this.#ended) return;
    const reader = this.#waitingReaders.shift();
    if (reader) reader({ value: { errors: [error] }, done: false });
    else this.#last = { errors: [error] };
    this.end();
  }

  /** What waits is still read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reader of this.#waitingReaders.splice(0)) reader(DONE);
    for (const listener of this.#endListeners.splice(0)) listener();
  }

  next(): Promise<Result> {
    const value = this.#take();
    if (value) return Promise.resolve({ value, done: false });
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#waitingReaders.push(resolve));
  }

  #take(): ExecutionResult | undefined {
    const value = this.#queue.shift();
    if (value) this.#budget?.give(serialisedResult(value).length);
    else if (this.#last) {
      const last = this.#last;
      this.#last = undefined;
      return last;
    }
    return value;
  }

  #clear(): void {
    if (this.#budget) for (const result of this.#queue) this.#budget.give(serialisedResult(result).length);
    this.#queue = [];
  }

  return(): Promise<Result> {
    this.#clear();
    this.#last = undefined;
    this.end();
    return Promise.resolve(DONE);
  }

  throw(error: unknown): Promise<Result> {
    this.#clear();
    this.#last = undefined;
    this.end();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
