/** The e-mail of a message, as nodemailer takes it. */
import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';
import type { SendMailOptions } from 'nodemailer/lib/mailer/mail-message';
import type { OutgoingMessage } from '../contract.ts';

/** Longest subject that is made of a body's first line, in characters. */
const SUBJECT_FROM_BODY_CHARS = 120;

export interface Sender {
  readonly name: string;
  readonly address: string;
}

/**
 * Composes the e-mail: text, the HTML as its alternative, the title as subject (else the body's first line).
 *
 * Its Message-ID is made of the idempotency key, so that every attempt at a delivery carries the same one and
 * receivers that drop doubles by Message-ID do. `Auto-Submitted` (RFC 3834) keeps vacation answers away.
 */
export function composeMail(message: OutgoingMessage, idempotencyKey: string, from: Sender): SendMailOptions {
  return {
    from: { name: from.name, address: from.address },
    to: { name: '', address: message.address },
    envelope: { from: from.address, to: [message.address] },
    subject: oneLine(message.title ?? '') || firstChars(oneLine(message.body), SUBJECT_FROM_BODY_CHARS),
    text: message.body,
    ...(message.html !== undefined && { html: message.html }),
    messageId: `<${createHash('sha256').update(idempotencyKey).digest('hex')}@${domainOf(from.address)}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/**
 * Whether this is one plain e-mail address: what could add a recipient or a header, or is a list or a name with
 * an address, is none. Addresses in all scripts are (RFC 6531).
 */
export function isMailAddress(address: string): boolean {
  return address.length <= 320 && /^[^\s\p{Cc}@<>()[\],;:\\"]+@[^\s\p{Cc}@<>()[\],;:\\"]+$/u.test(address);
}

const domainOf = (address: string): string =>
  domainToASCII(address.slice(address.lastIndexOf('@') + 1)) || 'localhost';

const firstChars = (text: string, count: number): string => Array.from(text).slice(0, count).join('');

/** A header's value on one line: line breaks and control characters become spaces. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
