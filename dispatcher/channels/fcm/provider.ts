/** MOBILE_PUSH over Firebase Cloud Messaging (firebase-admin): Android, iOS and browsers, by token or topic. */
import { randomUUID } from 'node:crypto';
import type { FirebaseMessagingError, Message } from 'firebase-admin/messaging';
import { z } from 'zod';
import {
  type OutgoingMessage,
  type Provider,
  type ProviderDefinition,
  type ProviderDeps,
  type SendOutcome,
  stoppedOutcome,
} from '../contract.ts';
import { type TokenAttempt, withAccessToken } from '../network/access-token.ts';
import { baseUrlSchema, notUnderstood, VENDOR_CONNECTIONS } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { Attempt, AttemptAgent } from './attempt-agent.ts';
import { classifyFcmRefusal, type FcmRefusal, readFcmError, refusesAccessToken } from './classify-answer.ts';
import { FCM_MAX_BYTES, FCM_TOPIC_MAX_BYTES, fcmMessage, fcmPart } from './fcm-message.ts';
import { createGoogleTokens } from './google-token.ts';
import { isFcmAddress, readFcmAddress } from './push-address.ts';
import { readServiceAccount, type ServiceAccount } from './service-account.ts';

const config = z.object({
  serviceAccount: z
    .string()
    .superRefine((value, context) => {
      const read = readServiceAccount(value);
      if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem });
    })
    .meta({
      title: 'Service account key',
      description: 'The JSON file of Project settings → Service accounts, as text',
      secret: true,
    }),
  baseUrl: baseUrlSchema('https://fcm.googleapis.com'),
});

export const fcm = {
  id: 'fcm',
  name: 'Firebase Cloud Messaging',
  channels: ['MOBILE_PUSH'],
  config,
  // A second message takes the place of the first on the screen: Android by tag, iOS by apns-collapse-id, browsers by both.
  capabilities: { idempotent: true, html: false },
  // Bytes, title and data included: no longer body ever fits.
  limits: { bodyChars: FCM_MAX_BYTES },
  takes: isFcmAddress,
  create: ({ serviceAccount, baseUrl }, deps) => {
    const read = readServiceAccount(serviceAccount);
    if ('problem' in read) throw new Error(`serviceAccount ${read.problem}`);
    return createFcm(read.account, baseUrl, deps);
  },
} satisfies ProviderDefinition<typeof config>;

async function createFcm(
  account: ServiceAccount,
  baseUrl: string,
  { now, shared }: Pick<ProviderDeps, 'now' | 'shared'>,
): Promise<Provider> {
  const { initializeApp, deleteApp } = await import('firebase-admin/app');
  const { getMessaging } = await import('firebase-admin/messaging');
  const agent = new AttemptAgent(baseUrl);
  const tokens = createGoogleTokens(account, now);
  const app = initializeApp(
    {
      projectId: account.projectId,
      // The agent puts each attempt's own token in the place of this one.
      credential: { getAccessToken: async () => ({ access_token: 'of-the-attempt', expires_in: 3_600 }) },
      httpAgent: agent,
    },
    `herald-${randomUUID()}`,
  );
  // `sendEach` is one request a message as well, over connections that no agent reaches and no signal ends.
  const messaging = getMessaging(app);
  const { host } = new URL(baseUrl);
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  async function askWith(token: string, message: Message, signal: AbortSignal, dryRun: boolean) {
    const attempt = new Attempt(signal, token);
    try {
      const name: unknown = await Promise.race([
        agent.run(attempt, () => messaging.send(message, dryRun)),
        attempt.failed,
      ]);
      // The SDK hands on what the JSON has.
      return typeof name === 'string'
        ? accepted(name)
        : classifyFcmRefusal({
            code: 'unknown-error',
            ...(attempt.answer && { status: attempt.answer.status }),
          });
    } catch (error) {
      return afterError(error, attempt, now(), host);
    } finally {
      attempt.end();
    }
  }

  async function ask(message: Message, signal: AbortSignal, dryRun: boolean): Promise<SendOutcome> {
    if (closed) return CLOSED;
    const asking = withAccessToken(
      { shared, name: 'access-token', now, signal },
      () => tokens.ask(signal),
      (token) => askWith(token, message, signal, dryRun),
    );
    underWay.add(asking);
    try {
      return await asking;
    } finally {
      underWay.delete(asking);
    }
  }

  return {
    concurrency: VENDOR_CONNECTIONS,
    async send(message, { idempotencyKey, signal }) {
      const composed = compose(message, idempotencyKey, now());
      return 'wrong' in composed ? composed.wrong : ask(composed.message, signal, false);
    },
    async health(signal) {
      // validate_only: judged as any message is, and not delivered.
      const outcome = await ask({ topic: 'herald-health', notification: { body: 'health' } }, signal, true);
      return outcome.kind === 'accepted' ? { ok: true } : { ok: false, message: outcome.message };
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.all(underWay);
      await tokens.close();
      await deleteApp(app);
      agent.destroy();
    },
  };
}

const CLOSED: SendOutcome = {
  kind: 'retryable',
  code: 'CHANNEL_CONNECTION_FAILED',
  message: 'The connections to FCM are closed.',
  mayHaveSent: false,
};

const accepted = (providerMessageId: string): SendOutcome => ({ kind: 'accepted', providerMessageId });

function compose(
  message: OutgoingMessage,
  idempotencyKey: string,
  now: Date,
): { readonly message: Message } | { readonly wrong: SendOutcome } {
  const target = readFcmAddress(message.address);
  if (!target)
    return {
      wrong: {
        kind: 'invalidRecipient',
        code: 'CHANNEL_ADDRESS_INVALID',
        message: 'The address is neither a registration token of FCM nor topic:<name>.',
      },
    };
  const part = vendorPart(message, 'fcm', fcmPart);
  if ('wrong' in part) return part;
  const composed = fcmMessage(message, target, part.part ?? {}, idempotencyKey, now);
  if (composed) return { message: composed };
  const max = 'topic' in target ? FCM_TOPIC_MAX_BYTES : FCM_MAX_BYTES;
  return {
    wrong: {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
      message: `Title, text, addresses and data of the message are more than the ${max.toLocaleString('en')} bytes that FCM takes.`,
    },
  };
}

/** What an error of the SDK amounts to, together with what its connection saw. */
function afterError(error: unknown, attempt: Attempt, now: Date, host: string): TokenAttempt {
  const { signal, answer, asked, left } = attempt;
  if (signal.aborted) return stoppedOutcome(signal, left);
  const code = messagingCodeOf(error);
  if (answer) {
    const retryAfterMs = parseRetryAfter(answer.retryAfter, now);
    const refusal: FcmRefusal = {
      code: code ?? 'unknown-error',
      status: answer.status,
      ...readFcmError(httpDataOf(error)),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
    const outcome = classifyFcmRefusal(refusal);
    return refusesAccessToken(refusal) ? { tokenRefused: outcome } : outcome;
  }
  // The SDK itself refused the message, before it made a request.
  if (!asked && code !== undefined) return classifyFcmRefusal({ code });
  const cause = errorCodeOf(attempt.error);
  if (cause.startsWith('HPE_')) return notUnderstood(host);
  return {
    kind: 'retryable',
    code: 'CHANNEL_CONNECTION_FAILED',
    message: left
      ? `${host} closed the connection without an answer (${cause}).`
      : `${host} could not be reached (${cause}).`,
    mayHaveSent: left,
  };
}

/** The code of an error of the messaging service, without its prefix. */
function messagingCodeOf(error: unknown): string | undefined {
  const code = errorCodeOf(error);
  return code.startsWith('messaging/') ? code.slice('messaging/'.length) : undefined;
}

const errorCodeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no answer';

/** The JSON of the answer that an error of the SDK is about. */
const httpDataOf = (error: unknown): unknown => (error as Partial<FirebaseMessagingError>).httpResponse?.data;
