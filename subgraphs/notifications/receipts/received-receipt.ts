/** What providers tell later, and what became of it. */
import type { DeliveryEvent } from '../../../platform/event-log/events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';

/** What a provider tells later of a message that it took. */
export interface ReceivedReceipt {
  /** The same for each repeat of this receipt, and for no other of the account. */
  readonly key: string;
  readonly kind:
    | 'delivered'
    | 'deferred'
    | 'failed'
    | 'bounced'
    | 'complained'
    | 'unsubscribed'
    | 'opened'
    | 'clicked'
    | 'dismissed';
  /** Either of them says which message: the provider's id, or Herald's where the provider carried it. */
  readonly providerMessageId?: string;
  readonly delivery?: string;
  readonly at?: Date;
  readonly message?: string;
}

/**
 * What became of a receipt. `noted`: it changes nothing any more. `unknown`: nothing is known of its message.
 * `repeated` with its delivery: what else it leads to (`ReceiptStore.close`) was not said to be done.
 */
export type ReceiptResult =
  | {
      readonly kind: 'applied';
      readonly delivery: DeliveryRecord;
      /** What it changed. */
      readonly events: readonly DeliveryEvent[];
    }
  | { readonly kind: 'noted'; readonly delivery: DeliveryRecord }
  | { readonly kind: 'repeated'; readonly delivery?: DeliveryRecord }
  | { readonly kind: 'unknown' };
