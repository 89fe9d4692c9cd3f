/** The ids of events: the cursors that clients give back in `Last-Event-ID`. */
import type { ExecutionResult } from 'graphql';
import type { Resumable } from '../subscriptions/resumable.ts';
import type { SubscriptionPlan } from '../subscriptions/subscription-plan.ts';
import { selectedPaths } from './selected-paths.ts';

/** @returns tells a result's id; none where the caller did not ask for the cursor, or for what says if it counts. */
export function eventIds(
  plan: SubscriptionPlan,
  resumable: Resumable | undefined,
): (result: ExecutionResult) => string | undefined {
  if (!resumable) return () => undefined;
  const { onlyIf } = resumable;
  const cursors = selectedPaths(plan, resumable.cursor);
  const conditions = onlyIf ? selectedPaths(plan, onlyIf.path) : [];
  return ({ data }) => {
    if (onlyIf && first(data, conditions) !== onlyIf.value) return undefined;
    const cursor = first(data, cursors);
    return typeof cursor === 'string' || typeof cursor === 'number' ? String(cursor) : undefined;
  };
}

/** A path may lead nowhere: fields can be skipped. */
const first = (data: unknown, paths: readonly (readonly string[])[]): unknown => {
  for (const path of paths) {
    const found = path.reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? (value as Readonly<Record<string, unknown>>)[key]
          : undefined,
      data,
    );
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
};
