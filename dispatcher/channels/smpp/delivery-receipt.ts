/** What an SMSC tells of a message that it took, in a `deliver_sm`. */
import type { PDU } from 'smpp';

export interface DeliveryReceipt {
  readonly providerMessageId: string;
  /** For example DELIVRD or UNDELIV. */
  readonly state: string;
  /** Of the network. */
  readonly error?: string;
}

/** SMPP 3.4, 5.2.28. */
const STATES: Readonly<Record<number, string>> = {
  1: 'ENROUTE',
  2: 'DELIVRD',
  3: 'EXPIRED',
  4: 'DELETED',
  5: 'UNDELIV',
  6: 'ACCEPTD',
  7: 'UNKNOWN',
  8: 'REJECTD',
};

/**
 * The receipt in a `deliver_sm`, by its TLVs or else its text (SMPP 3.4, Appendix B); undefined for anything else,
 * such as a message that somebody wrote.
 */
export function readDeliveryReceipt(
  pdu: Pick<PDU, 'esm_class' | 'short_message' | 'receipted_message_id' | 'message_state'>,
): DeliveryReceipt | undefined {
  // Bits 5 to 2 are the type of message: 0001 is a receipt (5.2.12).
  if (((pdu.esm_class ?? 0) & 0x3c) !== 0x04) return undefined;
  const text = String(pdu.short_message?.message ?? '');
  const field = (name: string) => text.match(new RegExp(`\\b${name}:([\\w-]+)`, 'i'))?.[1];
  const providerMessageId = pdu.receipted_message_id?.replace(/\0+$/, '') || field('id');
  const state = STATES[pdu.message_state ?? 0] ?? field('stat');
  if (providerMessageId === undefined || state === undefined) return undefined;
  const error = field('err');
  return { providerMessageId, state, ...(error !== undefined && { error }) };
}
