/** WEB_PUSH: messages to browsers (RFC 8030), encrypted (RFC 8291) and identified by VAPID (RFC 8292). */
import { createHash } from 'node:crypto';
import webPushLibrary from 'web-push';
import { z } from 'zod';
import type { OutgoingMessage, Provider, ProviderDefinition, SendOutcome } from '../contract.ts';
import { createHttpSender } from '../network/http-sender.ts';
import { hostOf, parseHttpTarget } from '../network/http-target.ts';
import { classifyPushAnswer } from './classify-answer.ts';
import { pushPayload } from './payload.ts';
import { parseReport, reportToken } from './report.ts';
import { createVapid, isVapidPair } from './vapid.ts';

const base64UrlBytes = (bytes: number) =>
  z
    .string()
    .refine(
      (value) => /^[\w-]+$/.test(value) && Buffer.from(value, 'base64url').length === bytes,
      `must be ${bytes} bytes in base64url`,
    );

const config = z.object({
  publicKey: base64UrlBytes(65).meta({ title: 'VAPID public key' }),
  privateKey: base64UrlBytes(32).meta({ title: 'VAPID private key', secret: true }),
  subject: z
    .string()
    .refine(
      (value) => URL.canParse(value) && /^(mailto:.|https:)/.test(value),
      'must be a mailto: or https: address',
    )
    .meta({ title: 'Contact', description: 'mailto: or https:, seen by the push services' }),
  allowedNetworks: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .default([])
    .meta({
      title: 'Allowed networks',
      description: 'Private networks in which push services may be, as CIDRs',
    }),
});

/** How long a push service keeps a message without `expiresAt`, and the longest at all: what the large ones keep. */
const TTL_MAX_S = 28 * 24 * 60 * 60;

const URGENCY = { HIGH: 'high', MEDIUM: 'normal', LOW: 'low' } as const;

export const webPush = {
  id: 'web-push',
  name: 'Web push',
  channels: ['WEB_PUSH'],
  config,
  settings: {
    publicKey: 'VAPID_PUBLIC_KEY',
    privateKey: 'VAPID_PRIVATE_KEY',
    subject: 'VAPID_SUBJECT',
    allowedNetworks: 'WEBHOOK_ALLOWED_NETWORKS',
  },
  // By Topic while the message waits at the push service, and by the notification's tag in the service worker.
  capabilities: { idempotent: true, html: false },
  limits: {},
  destination: hostOf,
  fromSettings: (settings) =>
    settings.VAPID_PUBLIC_KEY === undefined && settings.VAPID_PRIVATE_KEY === undefined
      ? undefined
      : {
          publicKey: settings.VAPID_PUBLIC_KEY,
          privateKey: settings.VAPID_PRIVATE_KEY,
          subject: settings.VAPID_SUBJECT,
          allowedNetworks: settings.WEBHOOK_ALLOWED_NETWORKS,
        },
  create(keys, { account, now }): Provider {
    if (!isVapidPair(keys.publicKey, keys.privateKey))
      throw new Error('VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY do not belong together');
    // RFC 8030 asks for https; a push service of one's own may be without.
    const http = createHttpSender(
      { allowedNetworks: keys.allowedNetworks, plainHttp: 'allowedNetworks' },
      now,
    );
    const authorizationFor = createVapid(keys, now);
    return {
      async send(message, { idempotencyKey, signal }) {
        const target = parseHttpTarget(message.address);
        if ('wrong' in target) return target.wrong;
        const token = reportToken(keys.privateKey, message.delivery);
        const payload = pushPayload(message, { account, token });
        if (payload === undefined) return TOO_LARGE;
        const body = encrypt(message, payload);
        if (body === undefined) return WRONG_KEYS;
        const result = await http.post({
          url: target.url,
          headers: {
            authorization: authorizationFor(target.url.origin),
            'content-encoding': 'aes128gcm',
            'content-type': 'application/octet-stream',
            ttl: String(timeToLive(message.expiresAt, now())),
            urgency: URGENCY[message.priority],
            topic: topicOf(idempotencyKey),
          },
          body,
          signal,
        });
        return 'failed' in result ? result.failed : classifyPushAnswer(result.answer);
      },
      parseReceipts: async (raw) => parseReport(keys.privateKey, raw),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

const TOO_LARGE: SendOutcome = {
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_TOO_LARGE',
  message:
    'The message is too large for web push even without data, picture and most of its text: its url is too long.',
};
const WRONG_KEYS: SendOutcome = {
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message: "The subscription's keys are not usable.",
};

/** The encrypted body; undefined when the subscription's keys are none. */
function encrypt({ pushKeys }: OutgoingMessage, payload: string): Buffer | undefined {
  if (!pushKeys) return undefined;
  try {
    return webPushLibrary.encrypt(pushKeys.p256dh, pushKeys.auth, payload, 'aes128gcm').cipherText;
  } catch {
    // It throws only for keys that are too short or no point on the curve.
    return undefined;
  }
}

/** Seconds for which the push service keeps the message; 0: for now or never. */
export const timeToLive = (expiresAt: Date | undefined, now: Date): number =>
  expiresAt === undefined
    ? TTL_MAX_S
    : Math.min(Math.max(Math.floor((expiresAt.getTime() - now.getTime()) / 1000), 0), TTL_MAX_S);

/**
 * A message replaces a waiting one of the same topic (RFC 8030, 5.4): so a second attempt at one delivery does not
 * show twice. At most 32 characters of base64url.
 */
const topicOf = (idempotencyKey: string): string =>
  createHash('sha256').update(idempotencyKey).digest('base64url').slice(0, 32);
