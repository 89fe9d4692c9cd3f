/** Writes the results of one operation into a response, no faster than they are read at the other end. */
import type { ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { ResultSink } from '../subscriptions/result-sink.ts';
import type { Framing } from './framing.ts';

export interface HttpStreamOptions {
  readonly framing: Framing;
  /** Milliseconds between heartbeats. */
  readonly heartbeatMs: number;
  /** By what the stream goes on after a result. */
  idOf(result: ExecutionResult): string | undefined;
}

/** A client that takes nothing for so many heartbeats is gone, or as good as. */
const STALLED_HEARTBEATS = 2;

export class HttpStream {
  readonly #response: ServerResponse;
  readonly #results: ResultSink;
  readonly #options: HttpStreamOptions;
  #interrupted = false;

  constructor(response: ServerResponse, results: ResultSink, options: HttpStreamOptions) {
    this.#response = response;
    this.#results = results;
    this.#options = options;
  }

  /** Takes results until they end or the client has left; the response's head is written already. Never rejects. */
  async run(): Promise<void> {
    const response = this.#response;
    const { framing, heartbeatMs, idOf } = this.#options;
    response.on('close', () => void this.#results.return());
    // A connection that breaks is closed next, which is all that matters here.
    response.on('error', () => response.destroy());
    const heart = setInterval(() => {
      if (!response.writableNeedDrain) response.write(framing.heartbeat);
    }, heartbeatMs);
    try {
      if (response.destroyed) await this.#results.return();
      else response.write(framing.opening());
      for await (const result of this.#results) {
        const frame = this.#isFailure(result)
          ? framing.failure(result)
          : framing.result(result, idOf(result));
        if (!(await this.#write(frame))) return;
      }
      if (!response.destroyed) await this.#end(this.#interrupted ? framing.interrupted : framing.completed);
    } finally {
      clearInterval(heart);
    }
  }

  /** Ends the response so that the client knows to come back. */
  interrupt(): void {
    if (this.#results.ended) return;
    this.#interrupted = true;
    void this.#results.return();
  }

  /** Cuts the connection. */
  cut(): void {
    this.#response.destroy();
  }

  /** What a source that has ended says last without data is why. */
  #isFailure({ data, errors }: ExecutionResult): boolean {
    return data === undefined && errors !== undefined && this.#results.ended;
  }

  /** @returns whether the client still listens. */
  #write(frame: string): Promise<boolean> | boolean {
    const response = this.#response;
    if (response.destroyed) return false;
    return response.write(frame) || this.#until('drain');
  }

  async #end(frame: string): Promise<void> {
    const gone = this.#until('close');
    this.#response.end(frame);
    await gone;
  }

  /** @returns whether `event` came before the client was given up. */
  #until(event: 'drain' | 'close'): Promise<boolean> {
    const response = this.#response;
    return new Promise((resolve) => {
      const settle = (came: boolean) => {
        clearTimeout(stalled);
        response.off('drain', onDrain).off('close', onClose);
        resolve(came);
      };
      const onDrain = () => event === 'drain' && settle(true);
      const onClose = () => settle(event === 'close');
      const stalled = setTimeout(() => {
        response.destroy();
        settle(false);
      }, this.#options.heartbeatMs * STALLED_HEARTBEATS);
      response.on('drain', onDrain).on('close', onClose);
    });
  }
}
