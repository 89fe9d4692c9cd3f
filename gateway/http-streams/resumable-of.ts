/** Which subscriptions go on where a client was interrupted. */
import type { ResumableFields } from '../subscriptions/resumable.ts';
import type { SubscriptionPlan } from '../subscriptions/subscription-plan.ts';
import { rootFieldOf } from './selected-paths.ts';

export interface Resumable {
  /** Argument of the root field: takes the cursor of the last event seen; later ones are replayed. */
  readonly argument: string;
  /** Fields from the event (the root field's value) to its cursor. */
  readonly path: readonly string[];
  /** Only events that have this value there have a cursor: others do not move the position. */
  readonly onlyIf?: { readonly path: readonly string[]; readonly value: string };
}

/** @returns nothing where the subscription cannot go on. */
export type ResumableOf = (plan: SubscriptionPlan) => Resumable | undefined;

/** As the subgraphs mark their fields. @param marks of the supergraph of now. */
export const resumableByMarks =
  (marks: () => ResumableFields): ResumableOf =>
  (plan) => {
    const name = rootFieldOf(plan)?.name.value;
    const mark = name === undefined ? undefined : marks().get(name);
    return (
      mark && { argument: mark.argument, path: mark.cursor, ...(mark.onlyIf && { onlyIf: mark.onlyIf }) }
    );
  };
