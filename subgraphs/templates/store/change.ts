/** What a transaction does to heads. */
import type { HeadRecord } from './records.ts';

/** Who publishes, when, and why. */
export interface PublishStamp {
  readonly at: Date;
  /** The name of the operator's key. */
  readonly by?: string;
  readonly note?: string;
}

interface Named {
  readonly workspace: string;
  readonly id: string;
}

/** `head` is what was read: a change takes effect only where it is still so. Absent: there was none. */
export type Change<Body> = Named &
  (
    | {
        readonly kind: 'draft';
        readonly head?: HeadRecord<Body>;
        readonly body: Body;
        readonly packageKey?: string;
      }
    /** The draft goes, and what was never published with it. */
    | { readonly kind: 'discard'; readonly head: HeadRecord<Body> }
    | { readonly kind: 'markRemoval'; readonly head: HeadRecord<Body> }
    | {
        readonly kind: 'publish';
        readonly head: HeadRecord<Body>;
        readonly body: Body;
        /** The version whose content this is. */
        readonly restores?: number;
        readonly keepsDraft?: boolean;
        readonly packageKey?: string;
      }
    | { readonly kind: 'withdraw'; readonly head: HeadRecord<Body> }
  );
