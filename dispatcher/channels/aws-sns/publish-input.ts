/** A message as SNS publishes it (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';
import { isPhoneNumber, NO_PHONE_NUMBER } from '../network/phone-number.ts';
import { plainText } from '../network/plain-text.ts';

/** Of one SMS, all its parts together. */
const MAX_SMS_CHARS = 1_600;
/** What APNs and FCM take; SNS itself takes more. */
const MAX_PUSH_BYTES = 4_096;
/** FCM's longest life of a message. */
const MAX_TTL_S = 28 * 24 * 60 * 60;

const ENDPOINT_ARN =
  /^arn:aws[a-z-]{0,20}:sns:[a-z0-9-]{1,30}:\d{12}:endpoint\/([A-Z0-9_]{1,20})\/[\w.-]{1,256}\/[\w-]{1,64}$/;

/** Whether an address is a device that SNS knows: `arn:aws:sns:…:endpoint/…`. */
export const isEndpointArn = (address: string): boolean => ENDPOINT_ARN.test(address);

/** What `data.aws-sns` may say. */
export const snsPart = z.strictObject({
  /** SMS: of the template and the sender, where a country wants them registered (DLT in India). */
  entityId: z.string().min(1).max(50).optional(),
  templateId: z.string().min(1).max(50).optional(),
  /** Push: keys and values for the app, besides `notification`, `delivery` and `url`. */
  data: z.record(z.string(), z.string()).optional(),
  badge: z.int().min(0).optional(),
  sound: z.string().min(1).optional(),
});
type SnsPart = z.output<typeof snsPart>;

interface Attribute {
  readonly DataType: 'String' | 'Number';
  readonly StringValue: string;
}
export interface SnsInput {
  readonly PhoneNumber?: string;
  readonly TargetArn?: string;
  readonly Message: string;
  readonly MessageStructure?: 'json';
  readonly MessageAttributes: Record<string, Attribute>;
}
type Made = { readonly input: SnsInput } | { readonly wrong: SendOutcome };

/**
 * The input of Publish, or why there is none.
 * @param part of the message for SNS alone.
 */
export function publishInput(
  message: OutgoingMessage,
  options: {
    readonly senderId?: string | undefined;
    readonly originationNumber?: string | undefined;
    readonly maxPriceUsd?: number | undefined;
    readonly idempotencyKey: string;
    readonly now: Date;
  },
  part: SnsPart = {},
): Made {
  // The SDK cannot encode half a character.
  const whole = { ...message, title: message.title?.toWellFormed(), body: message.body.toWellFormed() };
  return message.channel === 'MOBILE_PUSH' ? push(whole, options, part) : sms(whole, options, part);
}

/** Attributes: https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html */
function sms(
  message: Message,
  options: Parameters<typeof publishInput>[1],
  { entityId, templateId }: SnsPart,
): Made {
  if (!isPhoneNumber(message.address)) return { wrong: NO_PHONE_NUMBER };
  const text = plainText(message);
  if (text === '') return { wrong: NO_TEXT };
  if (text.length > MAX_SMS_CHARS)
    return {
      wrong: tooLarge(`SNS takes SMS of ${MAX_SMS_CHARS} characters; the message has ${text.length}.`),
    };
  const { senderId, originationNumber, maxPriceUsd } = options;
  return {
    input: {
      PhoneNumber: message.address,
      Message: text,
      MessageAttributes: {
        // Promotional ones cost less and may wait.
        'AWS.SNS.SMS.SMSType': string(message.priority === 'LOW' ? 'Promotional' : 'Transactional'),
        ...(senderId !== undefined && { 'AWS.SNS.SMS.SenderID': string(senderId) }),
        ...(originationNumber !== undefined && { 'AWS.MM.SMS.OriginationNumber': string(originationNumber) }),
        ...(maxPriceUsd !== undefined && { 'AWS.SNS.SMS.MaxPrice': number(maxPriceUsd) }),
        ...(entityId !== undefined && { 'AWS.MM.SMS.EntityId': string(entityId) }),
        ...(templateId !== undefined && { 'AWS.MM.SMS.TemplateId': string(templateId) }),
      },
    },
  };
}

/** Payloads: https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html */
function push(message: Message, options: Parameters<typeof publishInput>[1], part: SnsPart): Made {
  const [, platform = ''] = ENDPOINT_ARN.exec(message.address) ?? [];
  if (platform === '')
    return {
      wrong: {
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
        message: 'The address is not the ARN of a platform endpoint (arn:aws:sns:…:endpoint/…).',
      },
    };
  const text = plainText({ ...message, url: undefined });
  if (text === '') return { wrong: NO_TEXT };
  const ttl = timeToLive(message.expiresAt, options.now);
  // The same for every attempt: a second notification takes the place of the first on the screen.
  const tag = createHash('sha256').update(options.idempotencyKey).digest('base64url').slice(0, 32);
  const payload = payloadOf(platform, message, part, { ttl, tag });
  const bytes = Buffer.byteLength(payload ?? text);
  if (bytes > MAX_PUSH_BYTES)
    return {
      wrong: tooLarge(`A push notification has ${MAX_PUSH_BYTES} bytes at most; this one has ${bytes}.`),
    };
  const apple = platform.startsWith('APNS');
  return {
    input: {
      TargetArn: message.address,
      MessageStructure: 'json',
      Message: JSON.stringify({ default: text, ...(payload !== undefined && { [platform]: payload }) }),
      MessageAttributes: {
        // FCM's time to live is in its payload.
        ...(ttl !== undefined && platform !== 'GCM' && { [`AWS.SNS.MOBILE.${platform}.TTL`]: number(ttl) }),
        ...(apple && {
          'AWS.SNS.MOBILE.APNS.PUSH_TYPE': string('alert'),
          'AWS.SNS.MOBILE.APNS.PRIORITY': number(message.priority === 'LOW' ? 5 : 10),
          'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': string(tag),
        }),
      },
    },
  };
}

/** What one platform takes, as text; undefined for those that are given the plain text. */
function payloadOf(
  platform: string,
  { title, body, url, imageUrl, notification, delivery, priority }: Message,
  { data, badge, sound }: SnsPart,
  { ttl, tag }: { readonly ttl: number | undefined; readonly tag: string },
): string | undefined {
  const forApp = { ...data, notification, delivery, ...(url !== undefined && { url }) };
  const chime = sound ?? (priority === 'LOW' ? undefined : 'default');
  const shown = { ...(title !== undefined && { title }), body };
  switch (platform) {
    case 'GCM':
      return JSON.stringify({
        fcmV1Message: {
          message: {
            notification: { ...shown, ...(imageUrl !== undefined && { image: imageUrl }) },
            data: forApp,
            android: {
              priority: priority === 'LOW' ? 'NORMAL' : 'HIGH',
              ...(ttl !== undefined && { ttl: `${ttl}s` }),
              notification: { tag, ...(chime !== undefined && { sound: chime }) },
            },
          },
        },
      });
    case 'APNS':
    case 'APNS_SANDBOX':
      return JSON.stringify({
        aps: {
          alert: shown,
          ...(chime !== undefined && { sound: chime }),
          ...(badge !== undefined && { badge }),
          // Lets the app's service extension load the picture.
          ...(imageUrl !== undefined && { 'mutable-content': 1 }),
        },
        ...forApp,
        ...(imageUrl !== undefined && { imageUrl }),
      });
    case 'ADM':
      return JSON.stringify({ data: { ...forApp, ...shown, ...(imageUrl !== undefined && { imageUrl }) } });
    default:
      return undefined;
  }
}

type Message = Omit<OutgoingMessage, 'title' | 'url'> & {
  readonly title?: string | undefined;
  readonly url?: string | undefined;
};

/** In seconds; 0 means now or never to APNs and FCM, and nothing to the others. */
const timeToLive = (expiresAt: Date | undefined, now: Date): number | undefined =>
  expiresAt && Math.min(Math.max(Math.floor((expiresAt.getTime() - now.getTime()) / 1000), 1), MAX_TTL_S);

const string = (value: string): Attribute => ({ DataType: 'String', StringValue: value });
const number = (value: number): Attribute => ({ DataType: 'Number', StringValue: String(value) });

const NO_TEXT: SendOutcome = {
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_REJECTED',
  message: 'The message has no text.',
};
const tooLarge = (message: string): SendOutcome => ({
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_TOO_LARGE',
  message,
});
