/** WEB_PUSH: messages to browsers (RFC 8030), encrypted (RFC 8291) and identified by VAPID (RFC 8292). */
import webPushLibrary from 'web-push';
import { z } from 'zod';
import type { OutgoingMessage, Provider, ProviderDefinition, SendOutcome } from '../contract.ts';
import { createHttpSender } from '../network/http-sender.ts';
import { hostOf, parseHttpTarget } from '../network/http-target.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifyPushAnswer } from './classify-answer.ts';
import { pushPayload } from './payload.ts';
import { attachedData, pushOptions, webPushPart } from './push-options.ts';
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
  capabilities: { idempotent: true, html: false, receipts: true },
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
        const read = vendorPart(message, 'web-push', webPushPart);
        if ('wrong' in read) return read.wrong;
        const token = reportToken(keys.privateKey, message.delivery);
        const payload = pushPayload({ ...message, data: attachedData(message.data) }, { account, token });
        if (payload === undefined) return TOO_LARGE;
        const body = encrypt(message, payload);
        if (body === undefined) return WRONG_KEYS;
        const result = await http.request({
          url: target.url,
          headers: {
            authorization: authorizationFor(target.url.origin),
            'content-encoding': 'aes128gcm',
            'content-type': 'application/octet-stream',
            ...pushOptions(message, read.part ?? {}, idempotencyKey, now()),
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
