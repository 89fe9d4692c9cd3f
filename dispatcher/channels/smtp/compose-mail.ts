/** The e-mail of a message, as nodemailer takes it. */
import type { SendMailOptions } from 'nodemailer/lib/mailer/mail-message';
import type { Sender } from '../network/mail-address.ts';
import { type MailParts, messageIdOf } from '../network/mail-parts.ts';

/** A picture of the HTML stands beside it (`multipart/related`), other attachments after all else. */
export function composeMail(mail: MailParts, idempotencyKey: string, from: Sender): SendMailOptions {
  return {
    from: { name: from.name, address: from.address },
    to: { name: '', address: mail.to },
    envelope: { from: from.address, to: [mail.to] },
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
    messageId: messageIdOf(idempotencyKey, from),
    headers: { ...mail.headers },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
