/** Ids and keys of in-app messages: they sort by the order in which the user's messages became visible. */
import { createHash } from 'node:crypto';

const SEQ_DIGITS = 12;

const padded = (seq: number): string => String(seq).padStart(SEQ_DIGITS, '0');

/** Stands for a user in keys and public ids: of fixed length (no user's range lies in another's), and telling nothing. */
export const inboxKey = (userKey: string): string =>
  createHash('sha256').update(userKey).digest('hex').slice(0, 24);

/** Primary key of a message: all messages of one inbox lie in one range, in order. */
export const messageKey = (inbox: string, seq: number): string => `${inbox}:${padded(seq)}`;

/** The range of an inbox's primary keys after message number `seq`. `;` is the character after `:`. */
export const messagesAfter = (inbox: string, seq: number): { $gt: string; $lt: string } => ({
  $gt: messageKey(inbox, seq),
  $lt: `${inbox};`,
});

/** The range of an inbox's primary keys before message number `seq`; all of them without it. */
export const messagesBefore = (inbox: string, seq: number | undefined): { $gt: string; $lt: string } => ({
  $gt: `${inbox}:`,
  $lt: seq === undefined ? `${inbox};` : messageKey(inbox, seq),
});

/** The public id, for example `msg_000000000042_1f0c…`. */
export const publicMessageId = (key: string): string => {
  const [inbox, seq] = key.split(':');
  return `msg_${seq}_${inbox}`;
};

/** The number in a public id of a message of this inbox; undefined when it is none, or another inbox's. */
export function seqOfPublicId(inbox: string, id: string): number | undefined {
  const match = /^msg_(\d{12})_([0-9a-f]{24})$/.exec(id);
  return match && match[2] === inbox ? Number(match[1]) : undefined;
}
