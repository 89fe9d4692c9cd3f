/**
 * The form of POST /v3/<domain>/messages.
 * https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
 */
import { z } from 'zod';
import { formatSender, type Sender } from '../network/mail-address.ts';
import { type MailParts, messageIdOf } from '../network/mail-parts.ts';

/** `data.mailgun` of a message. */
export const mailgunPart = z.strictObject({
  /** A template of Mailgun; its content stands in for the message's. */
  template: z.string().min(1).max(255).optional(),
  templateVersion: z.string().min(1).max(255).optional(),
  variables: z.record(z.string(), z.unknown()).optional(),
  tags: z.array(z.string().min(1).max(128)).max(10).optional(),
});
export type MailgunPart = z.output<typeof mailgunPart>;

export interface Form {
  readonly contentType: string;
  readonly body: Buffer;
}

export async function requestForm(
  mail: MailParts,
  options: {
    readonly from: Sender;
    readonly idempotencyKey: string;
    readonly delivery: string;
    readonly part?: MailgunPart | undefined;
    readonly testMode: boolean;
  },
): Promise<Form> {
  const { from, idempotencyKey, delivery, part = {}, testMode } = options;
  const form = new FormData();
  form.set('from', formatSender(from));
  form.set('to', mail.to);
  form.set('subject', mail.subject);
  if (part.template === undefined) {
    // An empty text counts as none, and one of the two there must be.
    form.set('text', mail.text || ' ');
    if (mail.html) form.set('html', mail.html);
  } else {
    form.set('template', part.template);
    if (part.templateVersion !== undefined) form.set('t:version', part.templateVersion);
    form.set('t:variables', JSON.stringify(part.variables ?? {}));
  }
  for (const [name, value] of Object.entries(mail.headers)) form.set(`h:${name}`, value);
  form.set('h:Message-Id', messageIdOf(idempotencyKey, from));
  // Comes back with each event.
  form.set('v:herald-delivery', delivery);
  for (const tag of part.tags ?? []) form.append('o:tag', tag);
  if (testMode) form.set('o:testmode', 'yes');
  for (const { filename, contentType, content, cid } of mail.attachments) {
    const file = new Blob([Buffer.from(content, 'base64')], { type: contentType });
    // A picture's file name is what `cid:` names.
    if (cid === undefined) form.append('attachment', file, filename);
    else form.append('inline', file, cid);
  }
  return encode(form);
}

/**
 * As multipart/form-data, whole: so a signature, a length and a second look are possible.
 * `FormData` writes line breaks of texts as CRLF, as browsers do; mails have such line breaks anyway.
 */
async function encode(form: FormData): Promise<Form> {
  const encoded = new Response(form);
  return {
    contentType: encoded.headers.get('content-type') ?? 'multipart/form-data',
    body: Buffer.from(await encoded.arrayBuffer()),
  };
}
