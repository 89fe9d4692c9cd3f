/** One running subscription at a subgraph, shared by everybody who asked for the same. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { ResultStream } from '../../platform/graphql/subgraph-executor.ts';
import { type ByteBudget, ResultSink } from './result-sink.ts';

export interface TopicOptions {
  /** Opens the source; a refusal is a result. Neither it nor the stream rejects. */
  open(): Promise<ResultStream | ExecutionResult>;
  /** What subscribers get for one result of the source. Never rejects. */
  resolve(event: ExecutionResult): Promise<ExecutionResult>;
  /** Called once, when nobody may join any more. */
  onEnd(): void;
}

export class Topic {
  readonly #options: TopicOptions;
  readonly #sinks = new Set<ResultSink>();
  readonly #opening: Promise<ResultStream | ExecutionResult>;
  #source: ResultStream | undefined;
  #ended = false;

  constructor(options: TopicOptions) {
    this.#options = options;
    this.#opening = options.open();
    void this.#run();
  }

  /** Subscribers. */
  get size(): number {
    return this.#sinks.size;
  }

  /** @returns the events from now on, or the source's refusal. */
  async join(maxBuffer: number, budget?: ByteBudget): Promise<ResultSink | ExecutionResult> {
    const sink = new ResultSink(maxBuffer, budget);
    this.#sinks.add(sink);
    sink.onEnd(() => {
      this.#sinks.delete(sink);
      if (this.#sinks.size === 0) this.#end();
    });
    const opened = await this.#opening;
    return isStream(opened) ? sink : opened;
  }

  /** Ends it for everybody. */
  fail(error: GraphQLError): void {
    for (const sink of [...this.#sinks]) sink.fail(error);
    this.#end();
  }

  async #run(): Promise<void> {
    const opened = await this.#opening;
    if (isStream(opened)) {
      this.#source = opened;
      // The last subscriber may have left while the source was opening.
      if (this.#ended) await opened.return(undefined);
      // One event at a time: that keeps their order, and a source that can wait feels how fast they are taken.
      for await (const event of opened) {
        if (this.#ended) break;
        const result = await this.#options.resolve(event);
        let isFilling = false;
        for (const sink of this.#sinks) {
          sink.push(result);
          isFilling ||= sink.isHalfFull;
        }
        // A source that goes on from a cursor gives thousands in one turn, in which no socket takes any: without one
        // of their own, those who read would be cut off as if they did not.
        if (isFilling) await turn();
      }
    }
    this.#end();
    for (const sink of [...this.#sinks]) sink.end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    void this.#source?.return(undefined);
  }
}

const isStream = (opened: ResultStream | ExecutionResult): opened is ResultStream =>
  Symbol.asyncIterator in opened;
