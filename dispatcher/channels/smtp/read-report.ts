/**
 * Reads a mail that came to the mailbox of bounces: delivery status notifications (RFC 3464), complaints (RFC 5965,
 * ARF), the plain texts of qmail and of older Exims; tells automatic answers (RFC 3834) from what people write.
 */
import { createHash } from 'node:crypto';
import type { Attachment, Email } from 'postal-mime';
import type { DeliveryTokens, Receipt } from '../contract.ts';
import { kindOfReport, type RecipientReport } from './classify-report.ts';
import { quoteReply } from './quote-reply.ts';

export type ReadMail =
  /** Of a delivery of ours. */
  | { readonly kind: 'receipt'; readonly receipt: Receipt }
  /** A report that says nothing or is of nothing of ours, an answer of a machine. */
  | { readonly kind: 'automatic' }
  | { readonly kind: 'other' };

type Fields = ReadonlyMap<string, string>;

/** A token of `DeliveryTokens` inside a header's value. */
const TOKEN = /[A-Za-z0-9_][A-Za-z0-9_-]*\.[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])/g;
/** What is looked at of a plain text, and of returned headers. */
const MAX_TEXT = 64 * 1024;

/**
 * Never throws: what cannot be read is `other`.
 * @param raw the mail, which may be cut: reports come before what they return.
 * @param secrets kept out of what is quoted.
 */
export async function readReport(
  raw: Uint8Array,
  tokens: Pick<DeliveryTokens, 'deliveryOf'>,
  secrets: readonly string[] = [],
): Promise<ReadMail> {
  const mail = await parse(raw);
  if (!mail) return { kind: 'other' };
  const told = complaintIn(mail) ?? statusIn(mail) ?? plainBounceIn(mail);
  if (!told) return { kind: isAutomatic(mail) ? 'automatic' : 'other' };
  const delivery = told.names
    .flatMap(tokensIn)
    .map((token) => tokens.deliveryOf(token))
    .find(isDefined);
  if (told.kind === undefined || delivery === undefined) return { kind: 'automatic' };
  const at = mail.date === undefined ? undefined : new Date(mail.date);
  const message = quoteReply(told.words, secrets);
  return {
    kind: 'receipt',
    receipt: {
      key: createHash('sha256')
        .update(JSON.stringify([delivery, told.kind, mail.messageId ?? Buffer.from(raw).toString('latin1')]))
        .digest('base64url'),
      kind: told.kind,
      delivery,
      ...(at && !Number.isNaN(at.getTime()) && { at }),
      ...(message !== '' && { message }),
    },
  };
}

/** What a report says; `names`: headers that may name the message. */
interface Told {
  readonly kind: Receipt['kind'] | undefined;
  readonly names: readonly string[];
  readonly words: string;
}

async function parse(raw: Uint8Array): Promise<Email | undefined> {
  const { default: PostalMime } = await import('postal-mime');
  try {
    return await PostalMime.parse(raw, { forceRfc822Attachments: true });
  } catch {
    // Nested beyond measure, or with endless headers: no mail server's report is.
    return undefined;
  }
}

function statusIn(mail: Email): Told | undefined {
  const part = partOf(mail, 'message/delivery-status', 'message/global-delivery-status');
  if (!part) return undefined;
  const [ofMessage = new Map<string, string>(), ...ofRecipients] = fieldGroups(part);
  // Where the first group is missing, what is of a recipient comes first.
  const groups =
    ofMessage.has('action') || ofMessage.has('status') ? [ofMessage, ...ofRecipients] : ofRecipients;
  const reports = groups.map((fields) => ({ report: recipientReport(fields), fields }));
  // One message goes to one recipient; where an alias became several, what failed is told.
  const worst =
    reports.find(({ report }) => report.action === 'failed') ??
    reports.find(({ report }) => report.action === 'delayed') ??
    reports[0];
  if (!worst) return { kind: undefined, names: [], words: '' };
  const { report } = worst;
  return {
    kind: kindOfReport(report),
    names: [
      ...valuesOf(ofMessage, 'original-envelope-id', 'x-original-message-id'),
      ...valuesOf(worst.fields, 'x-original-message-id'),
      ...returnedNames(mail),
      ...ownNames(mail),
    ],
    words: [report.status, report.diagnostic].filter(Boolean).join(' '),
  };
}

const recipientReport = (fields: Fields): RecipientReport => ({
  action: (fields.get('action') ?? '').toLowerCase().split(/[\s(]/)[0] ?? '',
  // Comments may follow: `5.1.1 (user unknown)`.
  status: fields.get('status')?.match(/[245]\.\d{1,3}\.\d{1,3}/)?.[0] ?? '',
  diagnostic: (fields.get('diagnostic-code') ?? '').replace(/^\s*[\w-]+\s*;\s*/, ''),
});

/** RFC 5965, 3.1 and 3.5, and RFC 6650: what is no complaint leads to nothing. */
const COMPLAINTS: Readonly<Record<string, Receipt['kind']>> = {
  abuse: 'complained',
  fraud: 'complained',
  other: 'complained',
  'opt-out': 'unsubscribed',
};

function complaintIn(mail: Email): Told | undefined {
  const part = partOf(mail, 'message/feedback-report');
  if (!part) return undefined;
  const [fields = new Map<string, string>()] = fieldGroups(part);
  const type = (fields.get('feedback-type') ?? '').toLowerCase().trim();
  return {
    kind: Object.hasOwn(COMPLAINTS, type) ? COMPLAINTS[type] : undefined,
    names: [...valuesOf(fields, 'original-envelope-id'), ...returnedNames(mail)],
    words: `The recipient's mail service reports: ${type || 'a complaint'}.`,
  };
}

/** Where the copy of the message begins in bounces that are plain text. */
const COPIES = [
  /^--- Below this line is a copy of the message\.$/m,
  /^-{3,} This is a copy of (?:the|your) message.*-{3,}$/m,
  /^-{3,} ?(?:The following|Original|Undelivered) message.*$/im,
];

/**
 * qmail (QSBMF, https://cr.yp.to/proto/qsbmf.txt) and Exim without DSN: a text with the message below it. Nobody else
 * writes as a mail system that the message failed and has the token.
 */
function plainBounceIn(mail: Email): Told | undefined {
  const text = (mail.text ?? '').slice(0, MAX_TEXT).replaceAll('\r\n', '\n');
  const failedRecipients = headerOf(mail, 'x-failed-recipients');
  const isQmail = /^Hi\. This is the /.test(text.trimStart());
  const isExim = /^This message was created automatically by mail delivery software/.test(text.trimStart());
  if (failedRecipients === undefined && !isQmail && !isExim) return undefined;
  const at = COPIES.map((mark) => text.search(mark)).find((index) => index >= 0) ?? text.length;
  const words = text.slice(0, at);
  const copy = text.slice(at);
  const isWarning = /has not yet been delivered|will continue to be (made|attempted)|still being tried/i.test(
    words,
  );
  // Behind the address that it is of; what is before it is the same in each bounce.
  const reason = words.slice(Math.max(0, words.search(/^\s*<?[^\s<>]+@[^\s<>]+>?:?\s*$/m))).trim();
  const kind = isWarning ? 'deferred' : kindOfReport({ action: 'failed', status: '', diagnostic: reason });
  return {
    kind,
    names: [...nameLines(copy), ...returnedNames(mail), ...ownNames(mail)],
    words: reason,
  };
}

/** RFC 3834, 5; the others are older than it. */
const isAutomatic = (mail: Email): boolean => {
  const submitted = headerOf(mail, 'auto-submitted')?.toLowerCase();
  return (
    (submitted !== undefined && !submitted.startsWith('no')) ||
    ['x-autoreply', 'x-autorespond', 'x-autoresponder'].some((name) => headerOf(mail, name) !== undefined) ||
    /multipart\/report/i.test(headerOf(mail, 'content-type') ?? '')
  );
};

/** Of the message that was returned, or of its headers. */
function returnedNames(mail: Email): string[] {
  const part = partOf(
    mail,
    'message/rfc822',
    'text/rfc822-headers',
    'message/global',
    'message/global-headers',
  );
  if (part) return nameLines(part.slice(0, MAX_TEXT).split(/\r?\n\r?\n/)[0] ?? '');
  return [];
}

/** Those of the report itself: some answer to the message. */
const ownNames = (mail: Email): string[] => [mail.inReplyTo, mail.references].filter(isDefined);

const nameLines = (headers: string): string[] =>
  [...headers.matchAll(/^Message-ID:((?:.*)(?:\r?\n[ \t].*)*)/gim)].map(([, value = '']) => value);

/** Also where a server wrote `+2E` for a dot (xtext, RFC 3461, 4). */
const tokensIn = (value: string): string[] =>
  value
    .replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .match(TOKEN) ?? [];

function partOf(mail: Email, ...types: readonly string[]): string | undefined {
  const found = mail.attachments.find(({ mimeType }) => types.includes(mimeType.toLowerCase()));
  return found && textOf(found);
}

const textOf = ({ content }: Attachment): string =>
  typeof content === 'string' ? content : new TextDecoder().decode(content);

/** Groups of fields with an empty line between them (RFC 3464, 2.1), folded lines made one. */
const fieldGroups = (text: string): Fields[] =>
  text
    .replaceAll('\r\n', '\n')
    .replace(/\n[ \t]+(?=\S)/g, ' ')
    .split(/\n\s*\n/)
    .map(
      (group) =>
        new Map(
          group.split('\n').flatMap((line) => {
            const colon = line.indexOf(':');
            return colon < 1
              ? []
              : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const];
          }),
        ),
    )
    .filter((fields) => fields.size > 0);

const valuesOf = (fields: Fields, ...names: readonly string[]): string[] =>
  names.map((name) => fields.get(name)).filter(isDefined);
const headerOf = (mail: Email, name: string): string | undefined =>
  mail.headers.find(({ key }) => key === name)?.value;
const isDefined = <T>(value: T | undefined): value is T => value !== undefined;
