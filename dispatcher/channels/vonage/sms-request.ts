/** A message as Vonage's Messages API takes it (https://developer.vonage.com/en/api/messages). */
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';
import { plainText } from '../network/plain-text.ts';

export const MAX_TEXT_CHARS = 1_000;
const MAX_REF_CHARS = 100;
/** How long Vonage tries by itself, and the least that may be asked for. */
const DEFAULT_TTL_S = 72 * 60 * 60;
const MIN_TTL_S = 20;

/** What `data.vonage` may say. */
export const vonagePart = z.strictObject({
  /** `auto` without it. */
  encodingType: z.enum(['auto', 'text', 'unicode']).optional(),
  /** Of the template and the sender, where a country wants them registered (DLT in India). */
  contentId: z.string().min(1).optional(),
  entityId: z.string().min(1).optional(),
  /** Of a call, as Vonage names it, where it is not the recipient's: `de-AT`. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language, like de-DE')
    .optional(),
  /** Which of the language's voices reads a call. */
  style: z.int().min(0).max(99).optional(),
  /** How often a call reads the message. */
  repeat: z.int().min(1).max(5).optional(),
});

export interface SmsRequest {
  readonly message_type: 'text';
  readonly channel: 'sms';
  readonly to: string;
  readonly from: string;
  readonly text: string;
  /** The delivery: receipts have it, too. */
  readonly client_ref?: string;
  readonly ttl?: number;
  readonly webhook_url?: string;
  readonly webhook_version?: 'v1';
  readonly sms?: {
    readonly encoding_type?: string;
    readonly content_id?: string;
    readonly entity_id?: string;
  };
}

/**
 * The body to be posted, or why there is none.
 * @param part of the message for Vonage alone.
 */
export function smsRequest(
  message: OutgoingMessage,
  { from, receiptsUrl }: { readonly from?: string | undefined; readonly receiptsUrl?: string | undefined },
  part: z.output<typeof vonagePart> | undefined,
  now: Date,
): { readonly request: SmsRequest } | { readonly wrong: SendOutcome } {
  if (from === undefined)
    return {
      wrong: {
        kind: 'permanent',
        code: 'CHANNEL_MISCONFIGURED',
        message: 'The Vonage account has no sender for SMS: set from.',
      },
    };
  const text = plainText(message);
  if (text === '')
    return {
      wrong: { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', message: 'The message has no text.' },
    };
  if (text.length > MAX_TEXT_CHARS)
    return {
      wrong: {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_TOO_LARGE',
        message: `Vonage takes ${MAX_TEXT_CHARS} characters; the message has ${text.length}.`,
      },
    };
  const seconds = message.expiresAt
    ? Math.floor((message.expiresAt.getTime() - now.getTime()) / 1000)
    : DEFAULT_TTL_S;
  const sms = {
    ...(part?.encodingType !== undefined && { encoding_type: part.encodingType }),
    ...(part?.contentId !== undefined && { content_id: part.contentId }),
    ...(part?.entityId !== undefined && { entity_id: part.entityId }),
  };
  return {
    request: {
      message_type: 'text',
      channel: 'sms',
      // Numbers go without the plus.
      to: message.address.slice(1),
      from: from.replace(/^\+/, ''),
      text,
      ...(message.delivery.length <= MAX_REF_CHARS && { client_ref: message.delivery }),
      ...(seconds < DEFAULT_TTL_S && { ttl: Math.max(seconds, MIN_TTL_S) }),
      ...(receiptsUrl !== undefined && { webhook_url: receiptsUrl, webhook_version: 'v1' }),
      ...(Object.keys(sms).length > 0 && { sms }),
    },
  };
}
