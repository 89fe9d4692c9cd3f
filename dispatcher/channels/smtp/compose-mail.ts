/** The e-mail of a message, as nodemailer takes it. */
import type { SendMailOptions } from 'nodemailer/lib/mailer/mail-message';
import { asciiDomain, asciiDomainOf, type Sender } from '../network/mail-address.ts';
import type { MailParts } from '../network/mail-parts.ts';

export interface MailFrame {
  readonly from: Sender;
  /** Where bounces go; to the sender without it. */
  readonly returnPath?: string | undefined;
  /**
   * Names the delivery, and nobody can make one up: it is the Message-ID, so that every attempt at a delivery carries
   * the same one, receivers that drop doubles do, and a bounce tells whose it is.
   */
  readonly token: string;
  /** Whether somebody reads bounces: they are asked for (RFC 3461), where the server can. */
  readonly readsBounces: boolean;
}

/** A picture of the HTML stands beside it (`multipart/related`), other attachments after all else. */
export function composeMail(
  mail: MailParts,
  { from, returnPath, token, readsBounces }: MailFrame,
): SendMailOptions {
  return {
    from: { name: from.name, address: from.address },
    to: { name: '', address: mail.to },
    envelope: { from: returnPath === undefined ? from.address : asciiDomain(returnPath), to: [mail.to] },
    subject: mail.subject,
    text: mail.text,
    ...(mail.html !== undefined && { html: mail.html }),
    attachments: mail.attachments.map(({ filename, contentType, content, cid }) => ({
      filename,
      contentType,
      content: Buffer.from(content, 'base64'),
      ...(cid === undefined
        ? { contentDisposition: 'attachment' as const }
        : { cid, contentDisposition: 'inline' as const }),
    })),
    messageId: `<${token}@${asciiDomainOf(from.address)}>`,
    headers: { ...mail.headers },
    ...(readsBounces && { dsn: { id: token, return: 'headers', notify: ['failure', 'delay'] } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
