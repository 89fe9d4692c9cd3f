/** What a delivery status notification says of a message: RFC 3464 actions, RFC 3463 status codes. Pure. */
import type { Receipt } from '../contract.ts';

/** What is told of one recipient. */
export interface RecipientReport {
  /** RFC 3464, 2.3.3: failed, delayed, delivered, relayed, expanded; '' where a report has none. */
  readonly action: string;
  /** RFC 3463: `5.1.1`; '' where a report has none. */
  readonly status: string;
  /** In the words of the server that refused, or of the one that reports. */
  readonly diagnostic: string;
}

/**
 * Those by which the address is dead: RFC 3463 (3.2, 3.3) and the IANA registry. All others of class 5 are about this
 * message, this sender or this day: a full mailbox (5.2.2), the mail system (5.3), routing (5.4), the protocol (5.5),
 * the content (5.6), policy (5.7).
 */
const DEAD: ReadonlySet<string> = new Set([
  '5.1.1', // bad destination mailbox
  '5.1.2', // bad destination system
  '5.1.3', // bad syntax of the address
  '5.1.6', // moved, no forwarding address
  '5.1.10', // domain takes no mail (RFC 7505); Exchange: no such recipient
  '5.2.1', // mailbox disabled
]);

/** Codes that say nothing: then the words of the other server decide. */
const SAYS_NOTHING = /^$|^[45]\.0\.0$|^[45]\.1\.0$/;
const ENHANCED_CODE = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)/;

const NOBODY_THERE = [
  /\b(user|recipient|mailbox|account|address)\b[^.;]{0,40}\b(unknown|not found|does(n't| not) exist|no longer (exists|active))/i,
  /\b(unknown|no such|invalid) (local )?(user|recipient|mailbox|account|person|address)\b/i,
  /\bno mailbox (here )?by that name\b/i,
  /\bunrouteable address\b/i,
];
const FULL = /\b(quota|mailbox (is )?full|over ?quota|insufficient storage)\b/i;
/**
 * Exchange Online answers 5.4.1 for recipients who are not in the directory:
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
 */
const NOT_IN_DIRECTORY = /\b5\.4\.1\b.*recipient address rejected: access denied/is;

/** Undefined for what says nothing of the message's fate: `relayed`, `expanded`. */
export function kindOfReport({ action, status, diagnostic }: RecipientReport): Receipt['kind'] | undefined {
  switch (action.toLowerCase()) {
    case 'delayed':
      return 'deferred';
    case 'delivered':
      return 'delivered';
    case 'relayed':
    case 'expanded':
      return undefined;
  }
  const code = SAYS_NOTHING.test(status) ? (diagnostic.match(ENHANCED_CODE)?.[1] ?? status) : status;
  if (code.startsWith('2.')) return undefined;
  // `failed` with a code of class 4: it was tried for days and given up. Without an action it is still tried.
  if (code.startsWith('4.')) return action === '' ? 'deferred' : 'failed';
  if (DEAD.has(code)) return 'bounced';
  if (NOT_IN_DIRECTORY.test(`${code} ${diagnostic}`)) return 'bounced';
  return SAYS_NOTHING.test(code) && saysNobodyThere(diagnostic) ? 'bounced' : 'failed';
}

const saysNobodyThere = (words: string): boolean =>
  !FULL.test(words) && NOBODY_THERE.some((pattern) => pattern.test(words));
