/** What a receipt makes of its delivery. Pure. */
import type { DeliveryEvent } from '../../../platform/event-log/events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { ReceivedReceipt } from './received-receipt.ts';

export interface AfterReceipt {
  /** Nothing where the receipt says nothing new, or comes too late to change what became of the delivery. */
  readonly set: Partial<DeliveryRecord>;
  readonly events: readonly DeliveryEvent['type'][];
  /** A dead letter's reason. */
  readonly failure?: { readonly code: string; readonly message?: string };
}

const NOTHING: AfterReceipt = { set: {}, events: [] };

/** @param now when it came: the receipt's own time may be missing, or in the future by a wrong clock. */
export function afterReceipt(
  delivery: Pick<DeliveryRecord, 'state' | 'openedAt' | 'clickedAt'>,
  receipt: ReceivedReceipt,
  now: Date,
): AfterReceipt {
  const at = receipt.at && receipt.at < now ? receipt.at : now;
  const { state } = delivery;
  // Only what a provider took can be told of. A failure stands: what comes after it was on its way before.
  if (state !== 'SENT' && state !== 'DELIVERED') return NOTHING;
  const delivered: AfterReceipt =
    state === 'SENT'
      ? { set: { state: 'DELIVERED', deliveredAt: at }, events: ['delivery.delivered'] }
      : NOTHING;
  switch (receipt.kind) {
    case 'delivered':
      return delivered;
    case 'opened':
      return opened(delivered, delivery, at);
    case 'clicked': {
      const before = opened(delivered, delivery, at);
      if (delivery.clickedAt) return before;
      return {
        set: { ...before.set, clickedAt: at },
        events: [...before.events, 'delivery.clicked'],
      };
    }
    case 'failed':
      // What arrived cannot be lost afterwards; an address that bounces later can be dead all the same.
      return state === 'SENT' ? failed('CHANNEL_NOT_DELIVERED', receipt, at) : NOTHING;
    case 'bounced':
      return failed('CHANNEL_ADDRESS_GONE', receipt, at);
    // Whoever complains, unsubscribes or dismisses has it.
    case 'complained':
    case 'unsubscribed':
    case 'dismissed':
      return delivered;
    case 'deferred':
      return NOTHING;
  }
}

function opened(
  before: AfterReceipt,
  { openedAt }: Pick<DeliveryRecord, 'openedAt'>,
  at: Date,
): AfterReceipt {
  return openedAt
    ? before
    : { set: { ...before.set, openedAt: at }, events: [...before.events, 'delivery.opened'] };
}

const failed = (code: string, { message }: ReceivedReceipt, at: Date): AfterReceipt => ({
  set: { state: 'FAILED', failedAt: at },
  events: ['delivery.failed'],
  failure: { code, ...(message !== undefined && { message }) },
});
