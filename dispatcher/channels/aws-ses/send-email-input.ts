/**
 * The input of SendEmail.
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 */
import type { SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { z } from 'zod';
import { formatSender, type Sender } from '../network/mail-address.ts';
import type { MailParts } from '../network/mail-parts.ts';

/** The tag that carries the delivery's id. */
export const DELIVERY_TAG = 'herald-delivery';

/** `data.aws-ses` of a message. */
export const sesPart = z.strictObject({
  /** A template of SES; its own subject and content stand in for the message's. */
  templateName: z.string().min(1).max(64).optional(),
  templateData: z.record(z.string(), z.unknown()).optional(),
  configurationSet: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
  tags: z.record(z.string().regex(/^[\w-]{1,256}$/), z.string().regex(/^[\w.@-]{1,256}$/)).optional(),
});
export type SesPart = z.output<typeof sesPart>;

export function sendEmailInput(
  mail: MailParts,
  options: {
    readonly from: Sender;
    readonly delivery: string;
    readonly configurationSet?: string | undefined;
    readonly part?: SesPart | undefined;
  },
): SendEmailCommandInput {
  const { from, delivery, part = {} } = options;
  // Comes back with each event of a configuration set.
  const tags = { ...part.tags, ...(/^[\w.@-]{1,256}$/.test(delivery) && { [DELIVERY_TAG]: delivery }) };
  const configurationSet = part.configurationSet ?? options.configurationSet;
  const shared = {
    Headers: Object.entries(mail.headers).map(([Name, Value]) => ({ Name, Value })),
    ...(mail.attachments.length > 0 && {
      Attachments: mail.attachments.map(({ filename, contentType, content, cid }) => ({
        RawContent: Buffer.from(content, 'base64'),
        FileName: filename,
        ContentType: contentType,
        ContentTransferEncoding: 'BASE64' as const,
        ...(cid === undefined
          ? { ContentDisposition: 'ATTACHMENT' as const }
          : { ContentDisposition: 'INLINE' as const, ContentId: cid }),
      })),
    }),
  };
  const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });
  return {
    FromEmailAddress: formatSender(from),
    Destination: {
      ToAddresses: [mail.to],
    },
    Content:
      part.templateName === undefined
        ? {
            Simple: {
              Subject: utf8(mail.subject),
              Body: { Text: utf8(mail.text), ...(mail.html !== undefined && { Html: utf8(mail.html) }) },
              ...shared,
            },
          }
        : {
            Template: {
              TemplateName: part.templateName,
              TemplateData: JSON.stringify(part.templateData ?? {}),
              ...shared,
            },
          },
    ...(configurationSet !== undefined && { ConfigurationSetName: configurationSet }),
    ...(Object.keys(tags).length > 0 && {
      EmailTags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
    }),
  };
}
