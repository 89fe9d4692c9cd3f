/** Which subscriptions go on where a client was interrupted. */
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

/** An UPDATED event is about a message that may be older than the newest one seen. */
const INBOX: Resumable = {
  argument: 'after',
  path: ['message', 'id'],
  onlyIf: { path: ['type'], value: 'RECEIVED' },
};

/** The one field of the contract that replays. */
export const contractResumableOf: ResumableOf = (plan) =>
  rootFieldOf(plan)?.name.value === 'inboxEvents' ? INBOX : undefined;
