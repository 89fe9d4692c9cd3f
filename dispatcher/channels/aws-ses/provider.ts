/** EMAIL by Amazon SES, API v2 (https://docs.aws.amazon.com/ses/latest/APIReference-V2/). */
import type { SESv2Client } from '@aws-sdk/client-sesv2';
import { z } from 'zod';
import { type Provider, type ProviderDefinition, type SendOutcome, stoppedOutcome } from '../contract.ts';
import { awsHandler } from '../network/aws-handler.ts';
import { senderOf, senderSchema } from '../network/mail-address.ts';
import { beyondAscii, mailParts, tooLarge } from '../network/mail-parts.ts';
import { createVendorHttp, notUnderstood, unwell } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { classifySesFailure } from './classify-failure.ts';
import { parseSesReceipts } from './receipts.ts';
import { sendEmailInput, sesPart } from './send-email-input.ts';
import { createSnsVerifier, type FetchText } from './sns-message.ts';

const NAME = 'Amazon SES';
/** https://docs.aws.amazon.com/ses/latest/dg/quotas.html: 40 MB "after base64 encoding". */
const MAX_BYTES = 40_000_000;

const config = z
  .object({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region, like eu-central-1')
      .meta({ title: 'Region' }),
    accessKeyId: z
      .string()
      .regex(/^\w{16,128}$/, 'must be an access key id')
      .optional()
      .meta({ title: 'Access key id', description: "Without: the machine's own role" }),
    secretAccessKey: z.string().min(16).optional().meta({ title: 'Secret access key', secret: true }),
    from: senderSchema,
    configurationSet: z
      .string()
      .regex(/^[\w-]{1,64}$/, 'must be the name of a configuration set')
      .optional()
      .meta({ title: 'Configuration set' }),
    topicArns: z
      .array(
        z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, 'must be ARNs of SNS topics'),
      )
      .default([])
      .meta({ title: 'SNS topics', description: 'Whose messages are believed as receipts, by ARN' }),
    baseUrl: z
      .url({ protocol: /^https?$/, error: 'must be a URL that starts with https:// (or http://)' })
      .optional()
      .meta({ title: 'API address', description: "Without: the region's own" }),
  })
  .superRefine(({ accessKeyId, secretAccessKey }, context) => {
    if ((accessKeyId === undefined) === (secretAccessKey === undefined)) return;
    context.addIssue({
      code: 'custom',
      path: [accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey'],
      message: 'is missing: a key is both its id and its secret',
    });
  });
type Config = z.output<typeof config>;

export const awsSes = {
  id: 'aws-ses',
  name: NAME,
  channels: ['EMAIL'],
  config,
  capabilities: { idempotent: false, html: true, receipts: true },
  limits: {},
  create: (settings, { now }) => createSesProvider(settings, now, fetchHttps(now)),
} satisfies ProviderDefinition<typeof config>;

interface Fetcher {
  readonly fetchText: FetchText;
  close(): Promise<void>;
}

/** For what SNS serves: certificates, and the addresses that confirm a subscription. */
function fetchHttps(now: () => Date): Fetcher {
  const http = createVendorHttp({ name: 'Amazon SNS', baseUrl: 'https:', now });
  return {
    async fetchText({ host, pathname, search }, signal) {
      const path = `//${host}${pathname}${search}`;
      const attempted = await http.request({ method: 'GET', path, headers: { accept: '*/*' }, signal });
      return 'answer' in attempted && attempted.answer.status === 200 ? attempted.answer.text : undefined;
    },
    close: () => http.close(),
  };
}

/** @param fetcher gets what a receipt's signature needs. */
export async function createSesProvider(
  settings: Config,
  now: () => Date,
  fetcher: Fetcher,
): Promise<Provider> {
  const { region, accessKeyId, secretAccessKey, from, configurationSet, topicArns } = settings;
  const sdk = await import('@aws-sdk/client-sesv2');
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const baseUrl = settings.baseUrl ?? `https://email.${region}.${domain}`;
  const http = createVendorHttp({ name: NAME, baseUrl: new URL(baseUrl).origin, now });
  const handler = awsHandler(NAME, http);
  const client: SESv2Client = new sdk.SESv2Client({
    region,
    endpoint: baseUrl,
    // One attempt: Herald tries again by itself.
    maxAttempts: 1,
    requestHandler: handler,
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
  });
  const sender = senderOf(from);
  const verifier = createSnsVerifier(fetcher.fetchText, now);

  /** What the SDK says, or the outcome of an attempt that it did not bring to an end. */
  async function ask<T>(
    start: (abortSignal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ readonly answer: T } | { readonly failed: SendOutcome; readonly error?: string }> {
    const own = AbortSignal.any([signal]);
    const stop = new AbortController();
    try {
      return { answer: await Promise.race([start(own), abortedSoon(signal, stop.signal)]) };
    } catch (error) {
      const ended = handler.outcomeOf(own);
      if (ended) return { failed: ended };
      if (signal.aborted) return { failed: stoppedOutcome(signal, handler.hasBegun(own)) };
      const failure = failureOf(error, now());
      return failure
        ? { failed: classifySesFailure(failure), error: failure.name }
        : { failed: notUnderstood(NAME) };
    } finally {
      stop.abort();
    }
  }

  return {
    async send(message, { signal }) {
      const parts = await mailParts(message);
      if ('wrong' in parts) return parts.wrong;
      const own = vendorPart(message, 'aws-ses', sesPart);
      if ('wrong' in own) return own.wrong;
      // "The local part of the address … must be in 7-bit ASCII."
      const wrong = beyondAscii(parts.mail, NAME) ?? tooLarge(parts.mail, NAME, MAX_BYTES);
      if (wrong) return wrong;
      if (signal.aborted) return stoppedOutcome(signal, false);
      const command = new sdk.SendEmailCommand(
        sendEmailInput(parts.mail, {
          from: sender,
          delivery: message.delivery,
          configurationSet,
          part: own.part,
        }),
      );
      const asked = await ask((abortSignal) => client.send(command, { abortSignal }), signal);
      if ('failed' in asked) return asked.failed;
      const { MessageId } = asked.answer;
      return MessageId === undefined
        ? notUnderstood(NAME, 200)
        : { kind: 'accepted', providerMessageId: MessageId };
    },
    /** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html */
    async health(signal) {
      const asked = await ask(
        (abortSignal) => client.send(new sdk.GetAccountCommand({}), { abortSignal }),
        signal,
      );
      if ('answer' in asked)
        return asked.answer.SendingEnabled === false
          ? { ok: false, message: `${NAME} has paused sending for the account.` }
          : { ok: true };
      // Credentials that may send need not be allowed to ask this; SES knew them.
      return asked.error === 'AccessDeniedException' ? { ok: true } : unwell(asked.failed);
    },
    parseReceipts: (raw, signal) =>
      parseSesReceipts(raw, signal, { verifier, fetchText: fetcher.fetchText, topicArns }),
    async close() {
      client.destroy();
      await Promise.all([http.close(), fetcher.close()]);
    },
  };
}

/** What an error of the SDK says; undefined for one of another kind. */
function failureOf(error: unknown, now: Date) {
  if (!(error instanceof Error)) return undefined;
  const details = sdkError.safeParse(error);
  const { $metadata, $response } = details.success ? details.data : {};
  return {
    name: error.name,
    text: error.message,
    status: $metadata?.httpStatusCode,
    retryAfterMs: parseRetryAfter($response?.headers?.['retry-after'], now),
  };
}
const sdkError = z.object({
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
  $response: z.object({ headers: z.record(z.string(), z.string()).optional() }).optional(),
});

/** How long a request that was told to stop may take to say what became of it. */
const SOON_MS = 100;

/** Rejects a moment after `signal` aborts; listens until `stop` does. */
const abortedSoon = (signal: AbortSignal, stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const soon = () => {
      const timer = setTimeout(() => reject(signal.reason), SOON_MS);
      stop.addEventListener('abort', () => clearTimeout(timer), { once: true });
    };
    signal.addEventListener('abort', soon, { once: true, signal: stop });
  });
