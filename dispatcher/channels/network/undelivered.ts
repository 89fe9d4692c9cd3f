/** Receipts of messages that did not arrive for a reason on the recipient's side. */
import type { Receipt } from '../contract.ts';

/**
 * A message that was stopped because its recipient complained or unsubscribed before. Such receipts by themselves are
 * those of a message that arrived, so this one fails first.
 * @param receipt with the key that all of it comes under.
 */
export const undelivered = (receipt: Receipt): readonly Receipt[] =>
  receipt.kind === 'complained' || receipt.kind === 'unsubscribed'
    ? [
        { ...receipt, kind: 'failed' },
        { ...receipt, key: `${receipt.key}:${receipt.kind}` },
      ]
    : [receipt];
