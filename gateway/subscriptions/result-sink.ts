/** A bounded queue of results between one source and one reader. */
import { type ExecutionResult, GraphQLError } from 'graphql';

type Result = IteratorResult<ExecutionResult, undefined>;
const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Code of the error that a reader gets who did not keep up. */
export const SLOW_CONSUMER = 'SLOW_CONSUMER';

/**
 * Written by `push`, `fail` and `end`, read as an async generator. A reader that lets more than `maxBuffer` results
 * wait loses them, gets one error SLOW_CONSUMER and the end: one slow socket must not fill the memory of all.
 */
export class ResultSink implements AsyncGenerator<ExecutionResult, undefined, undefined> {
  readonly #maxBuffer: number;
  readonly #waitingReaders: ((result: Result) => void)[] = [];
  readonly #endListeners: (() => void)[] = [];
  #queue: ExecutionResult[] = [];
  #ended = false;

  constructor(maxBuffer: number) {
    this.#maxBuffer = maxBuffer;
  }

  get ended(): boolean {
    return this.#ended;
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
    else if (this.#queue.length < this.#maxBuffer) this.#queue.push(result);
    else {
      this.#queue = [];
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
    else this.#queue.push({ errors: [error] });
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
    const value = this.#queue.shift();
    if (value) return Promise.resolve({ value, done: false });
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#waitingReaders.push(resolve));
  }

  return(): Promise<Result> {
    this.#queue = [];
    this.end();
    return Promise.resolve(DONE);
  }

  throw(error: unknown): Promise<Result> {
    this.#queue = [];
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
