/**
 * The body of /messages/send, and of /messages/send-template.
 * https://mailchimp.com/developer/transactional/api/messages/send-new-message/
 * https://mailchimp.com/developer/transactional/api/messages/send-using-message-template/
 */
import { z } from 'zod';
import { asciiDomain, type Sender } from '../network/mail-address.ts';
import { type MailParts, messageIdOf } from '../network/mail-parts.ts';

/** `data.mandrill` of a message. */
export const mandrillPart = z.strictObject({
  /** A template of Mailchimp; its content stands in for the message's. */
  template: z.string().min(1).max(255).optional(),
  /** For the template's merge tags. */
  variables: z.record(z.string().regex(/^[^_]\w*$/, 'must not begin with _'), z.unknown()).optional(),
  tags: z
    .array(z.string().regex(/^[^_].{0,49}$/, 'must have at most 50 characters and not begin with _'))
    .max(10)
    .optional(),
});
export type MandrillPart = z.output<typeof mandrillPart>;

export function requestBody(
  mail: MailParts,
  options: {
    readonly apiKey: string;
    readonly from: Sender;
    readonly idempotencyKey: string;
    readonly delivery: string;
    readonly important: boolean;
    readonly subaccount?: string | undefined;
    readonly part?: MandrillPart | undefined;
  },
): { readonly path: string; readonly body: object } {
  const { apiKey, from, idempotencyKey, delivery, important, subaccount, part = {} } = options;
  const files = mail.attachments.filter(({ cid }) => cid === undefined);
  const pictures = mail.attachments.flatMap((file) =>
    file.cid === undefined ? [] : [{ ...file, cid: file.cid }],
  );
  const message = {
    from_email: asciiDomain(from.address),
    ...(from.name !== '' && { from_name: from.name }),
    to: [{ email: mail.to, type: 'to' }],
    subject: mail.subject,
    headers: { ...mail.headers, 'Message-Id': messageIdOf(idempotencyKey, from) },
    important,
    // Comes back with each event.
    metadata: { herald_delivery: delivery },
    ...(files.length > 0 && {
      attachments: files.map(({ contentType, filename, content }) => ({
        type: contentType,
        name: filename,
        content,
      })),
    }),
    ...(pictures.length > 0 && {
      // A picture's name is what `cid:` names.
      images: pictures.map(({ contentType, cid, content }) => ({ type: contentType, name: cid, content })),
    }),
    ...(part.tags !== undefined && { tags: part.tags }),
    ...(subaccount !== undefined && { subaccount }),
  };
  if (part.template !== undefined)
    return {
      path: '/api/1.0/messages/send-template.json',
      body: {
        key: apiKey,
        template_name: part.template,
        template_content: [],
        message: {
          ...message,
          merge: true,
          global_merge_vars: Object.entries(part.variables ?? {}).map(([name, content]) => ({
            name,
            content,
          })),
        },
      },
    };
  return {
    path: '/api/1.0/messages/send.json',
    body: {
      key: apiKey,
      message: {
        ...message,
        text: mail.text,
        ...(mail.html ? { html: mail.html } : {}),
        auto_text: false,
        // Else *|…|* in a text would be read as a merge tag.
        merge: false,
      },
    },
  };
}
