/** Sends the results of a subscription as frames whose payload is serialised once for all subscribers. */
import type { ResultSink } from '../subscriptions/result-sink.ts';
import { serialisedResult } from '../subscriptions/serialised-result.ts';

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * Stands for the subscription towards graphql-ws, which would copy, check and serialise every result for every
 * subscriber. It gives graphql-ws no result but the end: `next` sends all of them by itself, one after the other has
 * left, and then graphql-ws sends `complete`.
 */
export class FramePump implements AsyncGenerator<never, undefined, undefined> {
  readonly #results: ResultSink;
  readonly #prefix: string;
  readonly #send: (frame: string) => Promise<void>;

  /** @param id of the subscribe message. */
  constructor(results: ResultSink, id: string, send: (frame: string) => Promise<void>) {
    this.#results = results;
    this.#prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.#send = send;
  }

  async next(): Promise<IteratorReturnResult<undefined>> {
    for (;;) {
      const { value, done } = await this.#results.next();
      if (done) return DONE;
      await this.#send(`${this.#prefix}${serialisedResult(value)}}`);
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#results.return();
    return DONE;
  }

  async throw(error: unknown): Promise<never> {
    await this.#results.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#results.return();
  }
}
