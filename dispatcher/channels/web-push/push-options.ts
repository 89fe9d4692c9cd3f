/** How a push service treats a message: TTL, Urgency and Topic (RFC 8030, 5.2 to 5.4). Pure. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OutgoingMessage } from '../contract.ts';

/** `data["web-push"]` of a message. */
export const webPushPart = z.strictObject({
  /** A waiting message of the same topic is replaced, such as an older score of the same game. */
  topic: z.string().min(1).max(200).optional(),
  /** In place of that of the message's priority. `very-low`: on power and Wi-Fi only. */
  urgency: z.enum(['very-low', 'low', 'normal', 'high']).optional(),
});
export type WebPushPart = z.output<typeof webPushPart>;

/** How long a push service keeps a message without `expiresAt`, and the longest at all: what the large ones keep. */
const TTL_MAX_S = 28 * 24 * 60 * 60;

const URGENCY = { HIGH: 'high', MEDIUM: 'normal', LOW: 'low' } as const;

/** The three headers. */
export const pushOptions = (
  { priority, expiresAt }: Pick<OutgoingMessage, 'priority' | 'expiresAt'>,
  part: WebPushPart,
  idempotencyKey: string,
  now: Date,
) => ({
  ttl: String(timeToLive(expiresAt, now)),
  urgency: part.urgency ?? URGENCY[priority],
  // Of the delivery without the caller's: a second attempt then does not show twice.
  topic: part.topic === undefined ? hashed(idempotencyKey) : topicOf(part.topic),
});

/** Seconds for which the push service keeps the message; 0: for now or never. */
export const timeToLive = (expiresAt: Date | undefined, now: Date): number =>
  expiresAt === undefined
    ? TTL_MAX_S
    : Math.min(Math.max(Math.floor((expiresAt.getTime() - now.getTime()) / 1000), 0), TTL_MAX_S);

/** What the caller attached, without the part that is for this provider. */
export function attachedData(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'web-push')) return data;
  const { 'web-push': _own, ...rest } = data as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** A topic has at most 32 characters of base64url; any other name is one by its hash. */
const topicOf = (name: string): string => (/^[\w-]{1,32}$/.test(name) ? name : hashed(name));

const hashed = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 32);
