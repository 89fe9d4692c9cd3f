/**
 * A message in FCM's form (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages): what is common,
 * and what Android, iOS and browsers need besides. FCM takes the part of the device behind the token.
 */
import { createHash } from 'node:crypto';
import type { Message } from 'firebase-admin/messaging';
import { z } from 'zod';
import type { OutgoingMessage } from '../contract.ts';
import type { FcmTarget } from './push-address.ts';

/** Longest life of a message: four weeks (https://firebase.google.com/docs/cloud-messaging/customize-messages/setting-message-lifespan). */
const TTL_MAX_MS = 28 * 24 * 60 * 60_000;

/** Keys and values of notification and data, https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode. */
export const FCM_MAX_BYTES = 4096;
export const FCM_TOPIC_MAX_BYTES = 2048;

/** https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages#Message: what a key of `data` must not be. */
const RESERVED_KEY = /^(from|message_type|collapse_key)$|^(google|gcm)/;

/** `data.fcm` of a message. */
export const fcmPart = z.strictObject({
  /** Besides `notification`, `delivery`, `url` and `data`, which Herald puts there. */
  data: z
    .record(
      z.string().refine((key) => !RESERVED_KEY.test(key), 'is a key that FCM keeps for itself'),
      z.string(),
    )
    .optional(),
  /** A waiting message with the same key is replaced; FCM keeps four keys a device. */
  collapseKey: z.string().min(1).max(64).optional(),
  android: z
    .strictObject({
      channelId: z.string().optional(),
      icon: z.string().optional(),
      color: z
        .string()
        .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour like #ff8800')
        .optional(),
      sound: z.string().optional(),
      clickAction: z.string().optional(),
      restrictedPackageName: z.string().optional(),
    })
    .optional(),
  apns: z
    .strictObject({
      sound: z.string().optional(),
      badge: z.int().min(0).optional(),
      category: z.string().optional(),
      threadId: z.string().optional(),
      interruptionLevel: z.enum(['passive', 'active', 'time-sensitive']).optional(),
    })
    .optional(),
  webpush: z.strictObject({ icon: z.string().optional(), badge: z.string().optional() }).optional(),
  analyticsLabel: z
    .string()
    .regex(/^[a-zA-Z0-9-_.~%]{1,50}$/)
    .optional(),
});
export type FcmPart = z.output<typeof fcmPart>;

/**
 * https://firebase.google.com/docs/cloud-messaging/android-message-priority: `high` is FCM's own default for what is
 * shown; `normal` may wait while the device sleeps.
 */
const ANDROID_PRIORITY = { HIGH: 'high', MEDIUM: 'high', LOW: 'normal' } as const;
/** How much the notification itself asks for attention. */
const ANDROID_ATTENTION = { HIGH: 'high', MEDIUM: 'default', LOW: 'low' } as const;
/** https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns */
const APNS_PRIORITY = { HIGH: '10', MEDIUM: '10', LOW: '5' } as const;
/** RFC 8030, 5.3 */
const URGENCY = { HIGH: 'high', MEDIUM: 'normal', LOW: 'low' } as const;

/**
 * The message for one target. What the caller attached (`data`) is left out where it does not fit.
 * @returns undefined where the rest is larger than FCM takes.
 */
export function fcmMessage(
  message: OutgoingMessage,
  target: FcmTarget,
  part: FcmPart,
  idempotencyKey: string,
  now: Date,
): Message | undefined {
  const { title, body, url, imageUrl, priority } = message;
  const notification = {
    ...(title !== undefined && { title }),
    body,
    ...(imageUrl !== undefined && { imageUrl }),
  };
  const ids = {
    ...part.data,
    notification: message.notification,
    delivery: message.delivery,
    ...(url !== undefined && { url }),
  };
  const attached = attachedData(message.data);
  const max = 'topic' in target ? FCM_TOPIC_MAX_BYTES : FCM_MAX_BYTES;
  const data = [...(attached === undefined ? [] : [{ ...ids, data: attached }]), ids].find(
    (candidate) => bytesOf(notification) + bytesOf(candidate) <= max,
  );
  if (data === undefined) return undefined;

  const ttlMs = timeToLive(message.expiresAt, now);
  // The same for every attempt: a second notification takes the place of the first on the screen.
  const tag = createHash('sha256').update(idempotencyKey).digest('base64url').slice(0, 32);
  const { channelId, icon, color, clickAction, restrictedPackageName } = part.android ?? {};
  const defaultSound = priority === 'LOW' ? undefined : 'default';
  const androidSound = part.android?.sound ?? defaultSound;
  const apnsSound = part.apns?.sound ?? defaultSound;
  const { badge, category, threadId, interruptionLevel } = part.apns ?? {};
  return {
    ...target,
    notification,
    data,
    android: {
      priority: ANDROID_PRIORITY[priority],
      ...(ttlMs !== undefined && { ttl: ttlMs }),
      ...(part.collapseKey !== undefined && { collapseKey: part.collapseKey }),
      ...(restrictedPackageName !== undefined && { restrictedPackageName }),
      notification: {
        tag,
        priority: ANDROID_ATTENTION[priority],
        ...(channelId !== undefined && { channelId }),
        ...(icon !== undefined && { icon }),
        ...(color !== undefined && { color }),
        ...(clickAction !== undefined && { clickAction }),
        ...(androidSound !== undefined && { sound: androidSound }),
      },
    },
    apns: {
      headers: {
        'apns-push-type': 'alert',
        'apns-priority': APNS_PRIORITY[priority],
        // 0: deliver now or never.
        ...(ttlMs !== undefined && {
          'apns-expiration': ttlMs === 0 ? '0' : String(Math.floor((now.getTime() + ttlMs) / 1000)),
        }),
        'apns-collapse-id': part.collapseKey ?? tag,
      },
      payload: {
        aps: {
          ...(apnsSound !== undefined && { sound: apnsSound }),
          ...(badge !== undefined && { badge }),
          ...(category !== undefined && { category }),
          ...(threadId !== undefined && { threadId }),
          ...(interruptionLevel !== undefined && { 'interruption-level': interruptionLevel }),
          // Lets the app's service extension load the picture.
          ...(imageUrl !== undefined && { mutableContent: true }),
        },
      },
      ...(imageUrl !== undefined && { fcmOptions: { imageUrl } }),
    },
    webpush: {
      headers: {
        Urgency: URGENCY[priority],
        Topic: topicHeader(part.collapseKey) ?? tag,
        ...(ttlMs !== undefined && { TTL: String(Math.floor(ttlMs / 1000)) }),
      },
      notification: {
        tag,
        ...(part.webpush?.icon !== undefined && { icon: part.webpush.icon }),
        ...(part.webpush?.badge !== undefined && { badge: part.webpush.badge }),
      },
      // "For all URL values, HTTPS is required."
      ...(url?.startsWith('https://') && { fcmOptions: { link: url } }),
    },
    ...(part.analyticsLabel !== undefined && { fcmOptions: { analyticsLabel: part.analyticsLabel } }),
  };
}

/** Milliseconds for which FCM keeps the message; undefined: as long as it does (four weeks). */
function timeToLive(expiresAt: Date | undefined, now: Date): number | undefined {
  if (expiresAt === undefined) return undefined;
  return Math.min(Math.max(expiresAt.getTime() - now.getTime(), 0), TTL_MAX_MS);
}

/** A Topic of RFC 8030 has at most 32 characters of base64url. */
const topicHeader = (key: string | undefined): string | undefined =>
  key === undefined || /^[\w-]{1,32}$/.test(key)
    ? key
    : createHash('sha256').update(key).digest('base64url').slice(0, 32);

/** What the caller attached, without the part that is for this provider, as JSON. */
function attachedData(data: unknown): string | undefined {
  if (data === undefined) return undefined;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return JSON.stringify(data);
  const { fcm: _own, ...rest } = data as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? undefined : JSON.stringify(rest);
}

const bytesOf = (fields: Readonly<Record<string, string>>): number =>
  Object.entries(fields).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
