/** The JSON of a result: made once, however many subscribers get it. */
import type { ExecutionResult } from 'graphql';

const serialised = new WeakMap<ExecutionResult, string>();

/** Remembered as long as the result; it must not change any more. */
export function serialisedResult(result: ExecutionResult): string {
  const known = serialised.get(result);
  if (known !== undefined) return known;
  const json = JSON.stringify(result);
  serialised.set(result, json);
  return json;
}
