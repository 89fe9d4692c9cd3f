/**
 * A message as a request to APNs:
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns (headers) and
 * https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification (payload).
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OutgoingMessage } from '../contract.ts';

/** Most bytes of a payload; only VoIP has more. */
export const APNS_MAX_BYTES = 4096;

/** `data.apns` of a message. */
export const apnsPart = z.strictObject({
  subtitle: z.string().optional(),
  /** A file of the app; `default` without it, none at priority LOW. */
  sound: z.string().optional(),
  badge: z.int().min(0).optional(),
  category: z.string().optional(),
  threadId: z.string().optional(),
  targetContentId: z.string().optional(),
  interruptionLevel: z.enum(['passive', 'active', 'time-sensitive', 'critical']).optional(),
  relevanceScore: z.number().min(0).max(1).optional(),
  /** Notifications with the same one are shown as one; at most 64 bytes. Without it each delivery has its own. */
  collapseId: z
    .string()
    .min(1)
    .refine(
      (id) => Buffer.byteLength(id) <= 64 && /^[\x20-\x7e]+$/.test(id),
      'must be at most 64 ASCII characters',
    )
    .optional(),
  /** Wakes the app for content besides the alert. */
  contentAvailable: z.boolean().optional(),
  /** Lets the app's service extension change the notification; set for a picture. */
  mutableContent: z.boolean().optional(),
});
export type ApnsPart = z.output<typeof apnsPart>;

/** 10: at once; 5: as the device's power allows. */
const PRIORITY = { HIGH: '10', MEDIUM: '10', LOW: '5' } as const;

const DEVICE = /^apns:((?:[0-9a-f]{2}){16,100})$/i;

/** Whether an address is one of APNs: `apns:` and the device token in hexadecimal digits. */
export const isApnsAddress = (address: string): boolean => /^apns:/i.test(address);

/** The device token of an address; undefined where it is none. Its length may change, says Apple: it is not looked at. */
export const deviceTokenOf = (address: string): string | undefined =>
  DEVICE.exec(address)?.[1]?.toLowerCase();

/** The headers of a request, but for its path and its credentials. */
export function apnsHeaders(
  { priority, expiresAt }: Pick<OutgoingMessage, 'priority' | 'expiresAt'>,
  { collapseId }: Pick<ApnsPart, 'collapseId'>,
  topic: string,
  idempotencyKey: string,
  now: Date,
): Record<string, string> {
  const hash = createHash('sha256').update(idempotencyKey).digest();
  return {
    'apns-topic': topic,
    'apns-push-type': 'alert',
    'apns-priority': PRIORITY[priority],
    // Without it APNs keeps the message as long as it does; 0: deliver now or never.
    ...(expiresAt !== undefined && {
      'apns-expiration': expiresAt <= now ? '0' : String(Math.floor(expiresAt.getTime() / 1000)),
    }),
    // The same for each attempt at one delivery: a second notification takes the place of the first.
    'apns-collapse-id': collapseId ?? hash.toString('base64url'),
    'apns-id': uuidOf(hash),
  };
}

/**
 * The payload, JSON. What the caller attached (`data`) is left out where it does not fit.
 * @returns undefined where the rest is larger than APNs takes.
 */
export function apnsPayload(message: OutgoingMessage, part: ApnsPart): string | undefined {
  const { title, body, url, imageUrl, priority } = message;
  const sound = part.sound ?? (priority === 'LOW' ? undefined : 'default');
  const mutable = part.mutableContent ?? imageUrl !== undefined;
  const payload = {
    aps: {
      alert: {
        ...(title !== undefined && { title }),
        ...(part.subtitle !== undefined && { subtitle: part.subtitle }),
        body,
      },
      ...(sound !== undefined && { sound }),
      ...(part.badge !== undefined && { badge: part.badge }),
      ...(part.category !== undefined && { category: part.category }),
      ...(part.threadId !== undefined && { 'thread-id': part.threadId }),
      ...(part.targetContentId !== undefined && { 'target-content-id': part.targetContentId }),
      ...(part.interruptionLevel !== undefined && { 'interruption-level': part.interruptionLevel }),
      ...(part.relevanceScore !== undefined && { 'relevance-score': part.relevanceScore }),
      ...(part.contentAvailable && { 'content-available': 1 }),
      ...(mutable && { 'mutable-content': 1 }),
    },
    notification: message.notification,
    delivery: message.delivery,
    ...(url !== undefined && { url }),
    ...(imageUrl !== undefined && { imageUrl }),
  };
  const attached = attachedData(message.data);
  const forms = attached === undefined ? [payload] : [{ ...payload, data: attached }, payload];
  return forms.map((form) => JSON.stringify(form)).find((json) => Buffer.byteLength(json) <= APNS_MAX_BYTES);
}

/** What the caller attached, without the part that is for this provider. */
function attachedData(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  const { apns: _own, ...rest } = data as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** A UUID (RFC 9562, version 8) from the first bytes of a hash. */
function uuidOf(hash: Buffer): string {
  const bytes = Buffer.from(hash.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
