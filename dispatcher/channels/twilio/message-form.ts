/** A message as Twilio's Messages resource takes it (https://www.twilio.com/docs/messaging/api/message-resource). */
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';
import { plainText } from '../network/plain-text.ts';
import { withDelivery } from './receipts-url.ts';

/** Longest `Body` (https://www.twilio.com/docs/api/errors/21617). */
export const MAX_BODY_CHARS = 1_600;
/** Longest time that a message may wait at Twilio (https://www.twilio.com/docs/api/errors/90007). */
const MAX_VALIDITY_S = 36_000;

/** What `data.twilio` may say. */
export const twilioPart = z.strictObject({
  /** A content template: it is sent instead of the text. */
  contentSid: z
    .string()
    .regex(/^HX[0-9a-fA-F]{32}$/, 'must be HX and 32 hexadecimal digits')
    .optional(),
  contentVariables: z.record(z.string(), z.string()).optional(),
  /** Pictures and other media (MMS). WhatsApp takes one, and without it the message's image. */
  mediaUrls: z
    .array(z.url({ protocol: /^https?$/ }))
    .max(10)
    .optional(),
  /** Who reads a call, of Twilio's voices: `Polly.Vicki-Neural`. */
  voice: z
    .string()
    .regex(/^[\p{L}\p{N}.-]{1,100}$/u, 'must be the name of a voice, like Polly.Vicki-Neural')
    .optional(),
  /** Of a call, where it is not the recipient's: `de-AT`. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language, like de-DE')
    .optional(),
  /** How often a call reads the message. */
  repeat: z.int().min(1).max(5).optional(),
});

export interface Senders {
  readonly from?: string | undefined;
  readonly whatsappFrom?: string | undefined;
  readonly messagingServiceSid?: string | undefined;
  readonly receiptsUrl?: string | undefined;
}

/**
 * The form to be posted, or why there is none.
 * @param part of the message for Twilio alone.
 */
export function twilioForm(
  message: OutgoingMessage,
  senders: Senders,
  part: z.output<typeof twilioPart> = {},
  now: Date,
): { readonly form: URLSearchParams } | { readonly wrong: SendOutcome } {
  const whatsapp = message.channel === 'WHATSAPP';
  const prefix = whatsapp ? 'whatsapp:' : '';
  const from = whatsapp ? senders.whatsappFrom : senders.from;
  const form = new URLSearchParams({ To: `${prefix}${message.address}` });
  if (from !== undefined) form.set('From', `${prefix}${from}`);
  if (senders.messagingServiceSid !== undefined) form.set('MessagingServiceSid', senders.messagingServiceSid);
  else if (from === undefined)
    return {
      wrong: {
        kind: 'permanent',
        code: 'CHANNEL_MISCONFIGURED',
        message: `The Twilio account has no sender for ${message.channel}: set ${whatsapp ? 'whatsappFrom' : 'from'} or messagingServiceSid.`,
      },
    };
  if (senders.receiptsUrl !== undefined)
    form.set('StatusCallback', withDelivery(senders.receiptsUrl, message.delivery));
  if (!whatsapp && message.expiresAt !== undefined) {
    const seconds = Math.floor((message.expiresAt.getTime() - now.getTime()) / 1000);
    if (seconds < MAX_VALIDITY_S) form.set('ValidityPeriod', String(Math.max(seconds, 1)));
  }
  // A template replaces text and media (https://www.twilio.com/docs/api/errors/63016).
  if (part.contentSid !== undefined) {
    form.set('ContentSid', part.contentSid);
    if (part.contentVariables) form.set('ContentVariables', JSON.stringify(part.contentVariables));
    return { form };
  }
  const text = whatsapp ? plainText({ ...message, title: bold(message.title) }) : plainText(message);
  if (text.length > MAX_BODY_CHARS)
    return {
      wrong: {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_TOO_LARGE',
        message: `Twilio takes ${MAX_BODY_CHARS} characters; the message has ${text.length}.`,
      },
    };
  const media = part.mediaUrls ?? (whatsapp && message.imageUrl !== undefined ? [message.imageUrl] : []);
  if (text === '' && media.length === 0)
    return {
      wrong: { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message: 'The message has no text.' },
    };
  if (text !== '') form.set('Body', text);
  for (const url of media) form.append('MediaUrl', url);
  return { form };
}

/** Bold in WhatsApp's markup, which has nothing to escape its own marks with: a title that has them stays as it is. */
function bold(title: string | undefined): string {
  const text = (title ?? '').replaceAll(/\s+/g, ' ').trim();
  return text === '' || /[*_~`]/.test(text) ? text : `*${text}*`;
}
