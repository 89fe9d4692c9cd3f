/** What an SMSC tells of a message that it took, in a `deliver_sm`. */
import type { PDU } from 'smpp';
import type { Receipt } from '../contract.ts';

/**
 * How message ids in receipts are written. SMSCs do not agree: some answer `submit_sm` with a number in hex and tell of
 * the same number in decimal, or the other way round.
 */
export type ReceiptIds = 'same' | 'decimal' | 'hex';

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
 * By the first five letters: some write the words out. An SMSC says what became of a message, and its networks' `err`
 * codes are their own: none of it says that a number is dead.
 */
const KINDS: Readonly<Record<string, Receipt['kind']>> = {
  DELIV: 'delivered',
  EXPIR: 'failed',
  DELET: 'failed',
  UNDEL: 'failed',
  REJEC: 'failed',
  FAILE: 'failed',
  // On the way, or taken and not told where to.
  ENROU: 'deferred',
  ACCEP: 'deferred',
  BUFFE: 'deferred',
  SCHED: 'deferred',
  UNKNO: 'deferred',
};

/**
 * The receipt in a `deliver_sm`, by its TLVs or else its text (SMPP 3.4, Appendix B); undefined for anything else,
 * such as a message that somebody wrote.
 */
export function readDeliveryReceipt(
  pdu: Pick<PDU, 'esm_class' | 'short_message' | 'receipted_message_id' | 'message_state'>,
  ids: ReceiptIds = 'same',
): Receipt | undefined {
  // Bits 5 to 2 are the type of message: 0001 is a receipt, 1000 an intermediate one (5.2.12).
  const type = (pdu.esm_class ?? 0) & 0x3c;
  if (type !== 0x04 && type !== 0x20) return undefined;
  const text = String(pdu.short_message?.message ?? '');
  const field = (name: string) => text.match(new RegExp(`\\b${name}:\\s*([\\w-]+)`, 'i'))?.[1];
  const told = pdu.receipted_message_id?.replace(/\0+$/, '') || undefined;
  const written = field('id');
  // Where the two are said to differ, it is the text that has the other form.
  const id = ids === 'same' ? (told ?? written) : (written ?? told);
  const state = STATES[pdu.message_state ?? 0] ?? field('stat')?.toUpperCase();
  if (id === undefined || state === undefined) return undefined;
  const providerMessageId = idOfReceipt(id, ids);
  const error = field('err');
  return {
    key: `${providerMessageId}:${state}`,
    kind: KINDS[state.slice(0, 5)] ?? 'deferred',
    providerMessageId,
    message: `The SMSC says ${state}${error === undefined ? '' : `, error ${error}`}.`,
  };
}

/** The form in which a message's id is kept, of the one in the answer to `submit_sm`. */
export const idOfAnswer = (id: string, ids: ReceiptIds): string =>
  ids === 'same' ? plainId(id) : numberId(id, ids === 'decimal' ? 16 : 10);

const idOfReceipt = (id: string, ids: ReceiptIds): string =>
  ids === 'same' ? plainId(id) : numberId(id, ids === 'decimal' ? 10 : 16);

/** Letters of hex numbers are written large and small, and numbers are filled up with zeros, in one place only. */
const plainId = (id: string): string =>
  id
    .trim()
    .toLowerCase()
    .replace(/^0+(?=[0-9a-f]+$)/, '');

function numberId(id: string, base: 10 | 16): string {
  const digits = id.trim();
  if (!(base === 16 ? /^[0-9a-f]+$/i : /^\d+$/).test(digits)) return plainId(id);
  return BigInt(base === 16 ? `0x${digits}` : digits).toString();
}
