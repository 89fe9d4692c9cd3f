/** Which subscriptions go on where a client was interrupted. */
import type { Planner } from '../federation/planner.ts';
import type { Resumable } from '../subscriptions/resumable.ts';
import type { SubscriptionPlan } from '../subscriptions/subscription-plan.ts';
import { rootFieldOf } from './selected-paths.ts';

/** @returns nothing where the subscription cannot go on. */
export type ResumableOf = (plan: SubscriptionPlan) => Resumable | undefined;

/** Those that subgraphs mark, in the supergraph as it is now. */
export const resumableFieldOf =
  (planner: () => Planner): ResumableOf =>
  (plan) => {
    const field = rootFieldOf(plan);
    return field && planner().resumable.get(field.name.value);
  };
