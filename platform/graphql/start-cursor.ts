/**
 * Where a live stream begins. A subscription that can be resumed after the cursor of its last event has none before
 * the first event; a subgraph that attaches the cursor of its stream's beginning lets the gateway resume it even so.
 */
import type { ExecutionResult } from 'graphql';

/** As the executor gives it. */
type ResultStream = AsyncGenerator<ExecutionResult, undefined, undefined>;

const START_CURSOR = Symbol('start cursor');

/** @returns the same stream. */
export const withStartCursor = <T extends object>(stream: T, cursor: string): T =>
  Object.assign(stream, { [START_CURSOR]: cursor });

/** What was attached to a stream of events. */
export function startCursorOf(stream: object): string | undefined {
  const cursor = (stream as { readonly [START_CURSOR]?: unknown })[START_CURSOR];
  return typeof cursor === 'string' ? cursor : undefined;
}

/** A result that is no event, and only tells the gateway where the stream begins. */
export const startResult = (cursor: string): ExecutionResult => ({ extensions: { startCursor: cursor } });

/** The cursor of a result that `startResult` made, also where it came over the wire. */
export function startOf({ data, errors, extensions }: ExecutionResult): string | undefined {
  const cursor = extensions?.startCursor;
  return data === undefined && errors === undefined && typeof cursor === 'string' ? cursor : undefined;
}

/** `first`, and then what `rest` has; leaving it leaves `rest` at once. */
export function beginningWith(first: ExecutionResult, rest: ResultStream): ResultStream {
  let given = false;
  const stream: ResultStream = {
    next: () => {
      if (given) return rest.next();
      given = true;
      return Promise.resolve({ value: first, done: false });
    },
    return: (value) => {
      given = true;
      return rest.return(value);
    },
    throw: (error) => {
      given = true;
      return rest.throw(error);
    },
    [Symbol.asyncIterator]: () => stream,
    [Symbol.asyncDispose]: async () => {
      await stream.return(undefined);
    },
  };
  return stream;
}
