/**
 * The body of POST /v3/mail/send.
 * https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
 */
import { z } from 'zod';
import { asciiDomain, type Sender } from '../network/mail-address.ts';
import { type MailParts, messageIdOf } from '../network/mail-parts.ts';

/** `data.sendgrid` of a message. */
export const sendgridPart = z.strictObject({
  /** A dynamic template; its own subject and content stand in for the message's. */
  templateId: z.string().min(1).max(64).optional(),
  templateData: z.record(z.string(), z.unknown()).optional(),
  categories: z.array(z.string().min(1).max(255)).max(10).optional(),
  unsubscribeGroup: z.int().positive().optional(),
  ipPool: z.string().min(2).max(64).optional(),
});
export type SendgridPart = z.output<typeof sendgridPart>;

export function requestBody(
  mail: MailParts,
  options: {
    readonly from: Sender;
    readonly idempotencyKey: string;
    readonly delivery: string;
    readonly part?: SendgridPart | undefined;
    readonly sandbox: boolean;
  },
): object {
  const { from, idempotencyKey, delivery, part = {}, sandbox } = options;
  return {
    personalizations: [
      {
        to: [{ email: mail.to }],
        // Comes back with each event.
        custom_args: { herald_delivery: delivery },
        ...(part.templateData !== undefined && { dynamic_template_data: part.templateData }),
      },
    ],
    from: { email: asciiDomain(from.address), ...(from.name !== '' && { name: from.name }) },
    // An empty one is refused.
    subject: mail.subject || '(no subject)',
    ...(part.templateId === undefined
      ? {
          // Text before HTML is asked for, and at least one character of each.
          content: [
            { type: 'text/plain', value: mail.text || ' ' },
            ...(mail.html ? [{ type: 'text/html', value: mail.html }] : []),
          ],
        }
      : { template_id: part.templateId }),
    ...(mail.attachments.length > 0 && {
      attachments: mail.attachments.map(({ filename, contentType, content, cid }) => ({
        content,
        filename,
        type: contentType,
        ...(cid === undefined ? { disposition: 'attachment' } : { disposition: 'inline', content_id: cid }),
      })),
    }),
    headers: { ...mail.headers, 'Message-ID': messageIdOf(idempotencyKey, from) },
    ...(part.categories !== undefined && { categories: part.categories }),
    ...(part.unsubscribeGroup !== undefined && { asm: { group_id: part.unsubscribeGroup } }),
    ...(part.ipPool !== undefined && { ip_pool_name: part.ipPool }),
    ...(sandbox && { mail_settings: { sandbox_mode: { enable: true } } }),
  };
}
