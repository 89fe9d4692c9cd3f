/** Message → body of `/messages` (https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages). */
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';

/** Characters of a text (…/messages/text-messages) and of a picture's caption (…/messages/image-messages). */
export const TEXT_CHARS = 4_096;
const CAPTION_CHARS = 1_024;

const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const value = z.string().min(1).max(1_024);

/** A template that Meta has approved (…/templates/overview). */
const template = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/, 'must be lower-case letters, digits and underscores'),
  /** Such as `en_US` or `de`; the recipient's by default. */
  language: z
    .string()
    .regex(/^[a-z]{2,3}(_[A-Z]{2,3})?$/, 'must be a language code such as en_US')
    .optional(),
  header: z
    .union([
      z.strictObject({ text: value }),
      z.strictObject({ image: webUrl }),
      z.strictObject({ video: webUrl }),
      z.strictObject({ document: webUrl, filename: z.string().min(1).max(240).optional() }),
    ])
    .optional(),
  /** Values of the body's variables: in their order, or by name. */
  body: z.union([z.array(value).max(50), z.record(z.string().regex(/^[a-z0-9_]{1,64}$/), value)]).optional(),
  /** What comes behind the URL of each dynamic button, from the first on. */
  urlButtons: z.array(value).max(10).optional(),
  /** As the Cloud API takes them, in the place of header, body and urlButtons. */
  components: z
    .array(z.looseObject({ type: z.string().min(1) }))
    .max(20)
    .optional(),
});

/** What `data['whatsapp-cloud']` takes. */
export const whatsappPart = z.strictObject({
  /** Without one, a session message goes: WhatsApp delivers it within 24 hours of the recipient's last message. */
  template: template.optional(),
  /** The id of a message that this one answers. */
  replyTo: z.string().min(1).max(256).optional(),
  /** Whether WhatsApp shows the page behind the first link. */
  previewUrl: z.boolean().default(true),
});
export type WhatsappPart = z.output<typeof whatsappPart>;

/** @returns undefined for what is no phone number in E.164. */
export const phoneNumberOf = (address: string): string | undefined =>
  /^\+[1-9]\d{6,14}$/.test(address) ? address : undefined;

export function whatsappBody(
  message: Pick<OutgoingMessage, 'title' | 'body' | 'url' | 'imageUrl' | 'locale' | 'delivery'>,
  part: WhatsappPart,
  to: string,
): { readonly body: Readonly<Record<string, unknown>> } | { readonly wrong: SendOutcome } {
  const common = {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to,
    // Comes back in the receipts; at most 512 characters (https://developers.facebook.com/docs/whatsapp/business-platform/changelog).
    ...(message.delivery.length <= 512 && { biz_opaque_callback_data: message.delivery }),
    ...(part.replyTo !== undefined && { context: { message_id: part.replyTo } }),
  };
  if (part.template)
    return { body: { ...common, type: 'template', template: templateOf(part.template, message.locale) } };
  const { imageUrl, url } = message;
  const text = [titleOf(message.title), message.body, url].filter(Boolean).join('\n\n');
  const chars = [...text].length;
  if (imageUrl !== undefined && chars <= CAPTION_CHARS)
    return { body: { ...common, type: 'image', image: { link: imageUrl, ...(text && { caption: text }) } } };
  // The text is too long for a caption: the picture is left to the preview of its link.
  const whole = [...(imageUrl === undefined ? [] : [imageUrl]), text].join('\n\n');
  if ([...whole].length > TEXT_CHARS) return { wrong: TOO_LONG };
  return { body: { ...common, type: 'text', text: { body: whole, preview_url: part.previewUrl } } };
}

const TOO_LONG: SendOutcome = {
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_TOO_LARGE',
  message: `WhatsApp takes at most ${TEXT_CHARS} characters.`,
};

/** Bold, where it can be: WhatsApp has no way to escape its formatting characters. */
function titleOf(title: string | undefined): string | undefined {
  if (!title || /[*\n\r]|^\s|\s$/.test(title)) return title;
  return `*${title}*`;
}

function templateOf(given: z.output<typeof template>, locale: string): Record<string, unknown> {
  const { name, language = languageOf(locale), header, body, urlButtons } = given;
  const components = given.components ?? [
    ...(header ? [{ type: 'header', parameters: [headerParameter(header)] }] : []),
    ...(body && Object.keys(body).length > 0 ? [{ type: 'body', parameters: bodyParameters(body) }] : []),
    ...(urlButtons ?? []).map((text, index) => ({
      type: 'button',
      sub_type: 'url',
      index: String(index),
      parameters: [{ type: 'text', text }],
    })),
  ];
  return { name, language: { code: language }, ...(components.length > 0 && { components }) };
}

function headerParameter(header: NonNullable<z.output<typeof template>['header']>): object {
  if ('text' in header) return { type: 'text', text: header.text };
  if ('image' in header) return { type: 'image', image: { link: header.image } };
  if ('video' in header) return { type: 'video', video: { link: header.video } };
  const { document: link, filename } = header;
  return { type: 'document', document: { link, ...(filename !== undefined && { filename }) } };
}

const bodyParameters = (body: readonly string[] | Readonly<Record<string, string>>): object[] =>
  Array.isArray(body)
    ? body.map((text) => ({ type: 'text', text }))
    : Object.entries(body).map(([parameter_name, text]) => ({ type: 'text', parameter_name, text }));

/** BCP 47 → what Meta calls languages: `pt-BR` → `pt_BR`, `de` → `de` (…/templates/supported-languages). */
function languageOf(locale: string): string {
  const [language = 'en', ...rest] = locale.split(/[-_]/);
  const region = rest.find((subtag) => /^([A-Za-z]{2}|\d{3})$/.test(subtag));
  return region === undefined ? language.toLowerCase() : `${language.toLowerCase()}_${region.toUpperCase()}`;
}
