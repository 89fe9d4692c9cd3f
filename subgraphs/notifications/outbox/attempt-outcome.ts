/** What became of a claimed delivery. */
import type { AttemptRecord, DeliveryRecord } from '../records/delivery-record.ts';

/** What became of one attempt, ready to be recorded. `attempt` counts it. */
export interface AttemptOutcome {
  readonly delivery: DeliveryRecord;
  readonly attempt: AttemptRecord;
  readonly result:
    | {
        readonly kind: 'sent';
        readonly providerMessageId?: string;
        /** The provider tells later what became of it. */
        readonly receipts?: true;
        /** Of the account, where its id alone is not the only one of its kind; see `providerAccountKey`. */
        readonly accountKey?: string;
      }
    | { readonly kind: 'retry'; readonly nextAttemptAt: Date }
    | { readonly kind: 'failed' };
}

/** A delivery that its worker gives back untried: the provider is paused, or has no room. It counts as no attempt. */
export interface Deferral {
  readonly delivery: string;
  readonly until: Date;
}
