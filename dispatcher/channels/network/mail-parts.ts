/** What every e-mail is made of, whoever carries it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';
import { asciiDomain, asciiDomainOf, isMailAddress, type Sender } from './mail-address.ts';
import { vendorPart } from './vendor-part.ts';

/** Longest subject that is made of a body's first line, in characters. */
const SUBJECT_FROM_BODY_CHARS = 120;
/** Longest subject at all: a header line has at most 998 characters (RFC 5322), and vendors count so. */
const SUBJECT_CHARS = 900;
/** Longest address of an unsubscribe request that fits one header line (RFC 5322: 998 with its name). */
const UNSUBSCRIBE_URL_CHARS = 950;
const LINE_ENDS_AND_CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;

const attachment = z.strictObject({
  filename: z
    .string()
    .min(1)
    .max(255)
    .regex(
      /^[^\p{Cc}\u2028\u2029/\\"]+$/u,
      'must be a file name without a path, quotes or control characters',
    ),
  contentType: z
    .string()
    .max(127)
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/, 'must be a media type, like application/pdf'),
  content: z.base64('must be base64').min(1, 'must not be empty'),
  cid: z
    .string()
    .max(200)
    .regex(/^[\w.@+-]+$/, 'must have letters, digits and . @ _ + - only')
    .optional(),
});
/** `data.email` of a message. Anything else in it is an app's own. */
const emailPart = z.object({ attachments: z.array(attachment).max(50).optional() });

export interface MailAttachment {
  readonly filename: string;
  readonly contentType: string;
  /** Base64. */
  readonly content: string;
  /** For a picture inside the HTML: what `cid:` names there. */
  readonly cid?: string | undefined;
}

export interface MailParts {
  /** Its domain in ASCII. */
  readonly to: string;
  readonly subject: string;
  /** Never absent: made of the HTML where the message has no text. */
  readonly text: string;
  readonly html?: string;
  readonly attachments: readonly MailAttachment[];
  /** Of ASCII, each on one line. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Takes a message apart into what an e-mail has: text, the HTML as its alternative, the title as subject (else the
 * body's first line), the link below a text that does not have it, attachments and pictures of `data.email`.
 *
 * `Auto-Submitted` (RFC 3834) keeps vacation answers away; the List-Unsubscribe pair (RFC 2369, RFC 8058) lets
 * mail programs show a button that ends these messages.
 */
export async function mailParts(
  message: OutgoingMessage,
): Promise<{ readonly mail: MailParts } | { readonly wrong: SendOutcome }> {
  if (!isMailAddress(message.address))
    return {
      wrong: {
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
        message: 'The address is not an e-mail address.',
      },
    };
  const own = vendorPart(ownData(message), 'email', emailPart);
  if ('wrong' in own) return own;
  return {
    mail: {
      to: asciiDomain(message.address),
      subject: subjectOf(message),
      text: await textOf(message),
      ...(message.html !== undefined && { html: message.html }),
      attachments: own.part?.attachments ?? [],
      headers: { 'Auto-Submitted': 'auto-generated', ...unsubscribeHeaders(message.unsubscribeUrl) },
    },
  };
}

/**
 * A Message-ID made of the idempotency key: every attempt at a delivery carries the same one, and receivers that
 * drop doubles by Message-ID do.
 */
export const messageIdOf = (idempotencyKey: string, from: Sender): string =>
  `<${createHash('sha256').update(idempotencyKey).digest('hex')}@${asciiDomainOf(from.address)}>`;

/**
 * The outcome of an e-mail that a vendor would not take for its size; undefined for one that it may.
 * @param limitBytes of the whole e-mail, as the vendor's documentation has it.
 */
export function tooLarge(mail: MailParts, name: string, limitBytes: number): SendOutcome | undefined {
  const bytes = [mail.text, mail.html ?? '', ...mail.attachments.map(({ content }) => content)].reduce(
    (sum, part) => sum + Buffer.byteLength(part),
    0,
  );
  return bytes <= limitBytes
    ? undefined
    : {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_TOO_LARGE',
        message: `The e-mail has ${bytes} bytes with its attachments; ${name} takes ${limitBytes}.`,
        about: 'recipient',
      };
}

/** The outcome for a recipient whom a vendor without SMTPUTF8 (RFC 6531) cannot reach; undefined for all others. */
export const beyondAscii = (mail: MailParts, name: string): SendOutcome | undefined =>
  /^[\x21-\x7e]+$/.test(mail.to)
    ? undefined
    : {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_REJECTED',
        message: `${name} sends to no address with other than ASCII characters before its @.`,
        about: 'recipient',
      };

/** Apps may have something of their own under `email`, such as an address: only an object can be ours. */
function ownData({ data }: OutgoingMessage): { readonly data?: unknown } {
  const own = typeof data === 'object' && data !== null && 'email' in data ? data.email : undefined;
  return typeof own === 'object' && own !== null ? { data } : {};
}

/** The title on one line: line breaks and control characters become spaces. */
function subjectOf({ title, body }: OutgoingMessage): string {
  return (
    firstChars(oneLine(title ?? ''), SUBJECT_CHARS) || firstChars(oneLine(body), SUBJECT_FROM_BODY_CHARS)
  );
}

async function textOf({ body, html, url }: OutgoingMessage): Promise<string> {
  if (html !== undefined && body.trim() === '') return plainTwin(html);
  return html === undefined && url !== undefined && !body.includes(url) ? `${body}\n\n${url}` : body;
}

/** What an HTML says, for who reads text: links with their addresses, tables and lists as lines. */
async function plainTwin(html: string): Promise<string> {
  const { convert } = await import('html-to-text');
  return convert(html, {
    wordwrap: false,
    limits: { maxInputLength: 1_000_000 },
    selectors: [
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
      { selector: 'img', format: 'skip' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false },
      })),
    ],
  });
}

/** RFC 8058 asks for https, and for nothing else that a click could mean. */
function unsubscribeHeaders(unsubscribeUrl: string | undefined): Record<string, string> {
  const url = unsubscribeUrl === undefined ? null : URL.parse(unsubscribeUrl);
  if (url === null || !/^https?:$/.test(url.protocol) || url.href.length > UNSUBSCRIBE_URL_CHARS) return {};
  return {
    'List-Unsubscribe': `<${url.href}>`,
    ...(url.protocol === 'https:' && { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
  };
}

const firstChars = (text: string, count: number): string => Array.from(text).slice(0, count).join('');
const oneLine = (text: string): string => text.replace(LINE_ENDS_AND_CONTROLS, ' ').trim();
