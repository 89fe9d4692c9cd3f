/** MOBILE_PUSH over the Apple Push Notification service: HTTP/2, with token keys. */
import { z } from 'zod';
import type { Provider, ProviderDefinition, ProviderDeps, SendOutcome } from '../contract.ts';
import { type TokenAttempt, withAccessToken } from '../network/access-token.ts';
import { baseUrlSchema } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { parseRetryAfter } from '../retry-after.ts';
import {
  APNS_MAX_BYTES,
  apnsHeaders,
  apnsPart,
  apnsPayload,
  deviceTokenOf,
  isApnsAddress,
} from './apns-request.ts';
import {
  APNS,
  type ApnsAnswer,
  classifyApnsAnswer,
  reasonOf,
  refusesToken,
  takesCredentials,
} from './classify-answer.ts';
import { createHttp2Client } from './http2-client.ts';
import { signingKeyOf, signProviderToken } from './provider-token.ts';

const tenCharacters = z.string().regex(/^[A-Z0-9]{10}$/, 'must be 10 capital letters and digits');

const config = z.object({
  key: z
    .string()
    .refine((value) => signingKeyOf(value) !== undefined, 'must be the text of a .p8 file')
    .meta({ title: 'Signing key', description: 'The text of the .p8 file', secret: true }),
  keyId: tenCharacters.meta({ title: 'Key id' }),
  teamId: tenCharacters.meta({ title: 'Team id' }),
  bundleId: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,155}$/, 'must be the bundle id of the app')
    .meta({ title: 'Bundle id', description: 'Of the app, or another topic of APNs' }),
  baseUrl: baseUrlSchema('https://api.push.apple.com').meta({
    title: 'API address',
    description: 'https://api.sandbox.push.apple.com for development builds',
  }),
});

/** Streams of one connection: APNs lets some hundred be open at once. */
const CONCURRENCY = 200;

/** No device has it: what APNs says of it tells whether it took the credentials. */
const NO_DEVICE = '0'.repeat(64);

export const apns = {
  id: 'apns',
  name: 'Apple Push Notification service',
  channels: ['MOBILE_PUSH'],
  config,
  // "Multiple notifications with same collapse identifier are displayed to the user as a single notification."
  capabilities: { idempotent: true, html: false },
  // Bytes, all of the payload included: no longer body ever fits.
  limits: { bodyChars: APNS_MAX_BYTES },
  takes: isApnsAddress,
  create: ({ key, ...account }, deps) => {
    const signingKey = signingKeyOf(key);
    if (!signingKey) throw new Error('key must be the text of a .p8 file');
    return createApns({ ...account, key: signingKey }, deps);
  },
} satisfies ProviderDefinition<typeof config>;

type Account = Parameters<typeof signProviderToken>[0] & {
  readonly bundleId: string;
  readonly baseUrl: string;
};

function createApns(account: Account, { now, shared }: Pick<ProviderDeps, 'now' | 'shared'>): Provider {
  const http = createHttp2Client(APNS, account.baseUrl);

  /** @param judge what an answer amounts to. */
  const ask = (
    request: { device: string; headers: Readonly<Record<string, string>>; body: string; signal: AbortSignal },
    judge: (answer: ApnsAnswer) => SendOutcome,
  ): Promise<SendOutcome> =>
    withAccessToken(
      // All workers use one: APNs takes no more than three an hour.
      { shared, name: 'provider-token', now, signal: request.signal },
      () => signProviderToken(account, now()),
      async (token): Promise<TokenAttempt> => {
        const posted = await http.post({
          path: `/3/device/${request.device}`,
          headers: {
            authorization: `bearer ${token}`,
            'content-type': 'application/json',
            ...request.headers,
          },
          body: request.body,
          signal: request.signal,
        });
        if ('failed' in posted) return posted.failed;
        const { status, headers, text } = posted.answer;
        const reason = reasonOf(text);
        const retryAfterMs = parseRetryAfter(headers['retry-after'], now());
        const id = headers['apns-id'];
        const answer: ApnsAnswer = {
          status,
          ...(reason !== undefined && { reason }),
          ...(typeof id === 'string' && { id }),
          ...(retryAfterMs !== undefined && { retryAfterMs }),
        };
        const outcome = judge(answer);
        return refusesToken(answer) ? { tokenRefused: outcome } : outcome;
      },
    );

  return {
    concurrency: CONCURRENCY,
    async send(message, { idempotencyKey, signal }) {
      const device = deviceTokenOf(message.address);
      if (device === undefined)
        return {
          kind: 'invalidRecipient',
          code: 'CHANNEL_ADDRESS_INVALID',
          message: 'The address is not apns: and a device token in hexadecimal digits.',
        };
      const read = vendorPart(message, 'apns', apnsPart);
      if ('wrong' in read) return read.wrong;
      const part = read.part ?? {};
      const body = apnsPayload(message, part);
      if (body === undefined)
        return {
          kind: 'permanent',
          code: 'CHANNEL_MESSAGE_TOO_LARGE',
          message: 'Title, text and addresses of the message are more than the 4,096 bytes that APNs takes.',
        };
      const headers = apnsHeaders(message, part, account.bundleId, idempotencyKey, now());
      return ask({ device, headers, body, signal }, classifyApnsAnswer);
    },
    async health(signal) {
      const headers = { 'apns-topic': account.bundleId, 'apns-push-type': 'alert', 'apns-expiration': '0' };
      const body = JSON.stringify({ aps: { alert: { body: 'health' } } });
      const outcome = await ask({ device: NO_DEVICE, headers, body, signal }, (answer) =>
        takesCredentials(answer) ? { kind: 'accepted' } : classifyApnsAnswer(answer),
      );
      return outcome.kind === 'accepted' ? { ok: true } : { ok: false, message: outcome.message };
    },
    close: () => http.close(),
  };
}
