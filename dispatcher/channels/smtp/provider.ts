/** EMAIL over SMTP (nodemailer). */
import { createTransport } from 'nodemailer';
import addressparser from 'nodemailer/lib/addressparser';
import { z } from 'zod';
import { type Provider, type ProviderDefinition, type SendOutcome, stoppedOutcome } from '../contract.ts';
import { classifySmtpFailure } from './classify-failure.ts';
import { composeMail, isMailAddress, type Sender } from './compose-mail.ts';
import { quoteReply } from './quote-reply.ts';
import { maxConnectionsOf, secretsOf, smtpUrlProblem } from './smtp-url.ts';

const config = z.object({
  url: z
    .string()
    .superRefine((value, context) => {
      const problem = smtpUrlProblem(value);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({ title: 'Server', description: 'smtps://user:password@mail.example.com', secret: true }),
  from: z
    .string()
    .refine((value) => parseSender(value) !== undefined, 'must be an e-mail address, or Name <address>')
    .meta({ title: 'Sender', description: 'Name <address>' }),
});

/** How long connecting and the greeting may take; the rest is bounded by the attempt's signal. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A connection that stays silent in the middle of a conversation is dropped. */
const SOCKET_TIMEOUT_MS = 60_000;

export const smtp = {
  id: 'smtp',
  name: 'SMTP',
  channels: ['EMAIL'],
  config,
  settings: { url: 'SMTP_URL', from: 'SMTP_FROM' },
  capabilities: { idempotent: false, html: true },
  limits: {},
  fromSettings: ({ SMTP_URL, SMTP_FROM }) =>
    SMTP_URL === undefined ? undefined : { url: SMTP_URL, from: SMTP_FROM },
  create: ({ url, from }) => createSmtpProvider(url, parseSender(from) ?? { name: '', address: from }),
} satisfies ProviderDefinition<typeof config>;

function createSmtpProvider(url: string, sender: Sender): Provider {
  const secrets = secretsOf(url);
  const maxConnections = maxConnectionsOf(url);
  const transport = createTransport({
    pool: true,
    url,
    maxConnections,
    // Only what was refused before a byte of the message left goes to another connection: a pooled one that
    // the server has closed in the meantime. All else is the dispatcher's next attempt.
    maxRequeues: 1,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    logger: false,
  });
  transport.use('stream', (mail, done) => {
    const { data } = mail;
    if (isTracked(data))
      mail.message?.processFunc((stream) => {
        // Registered before nodemailer reads, so it is called before the final dot is written.
        stream.once('end', data.onMessageEnd);
        return stream;
      });
    done();
  });

  return {
    concurrency: maxConnections,
    async send(message, { idempotencyKey, signal }): Promise<SendOutcome> {
      if (!isMailAddress(message.address))
        return {
          kind: 'invalidRecipient',
          code: 'CHANNEL_ADDRESS_INVALID',
          message: 'The address is not an e-mail address.',
        };
      let messageLeft = false;
      const tracked = {
        ...composeMail(message, idempotencyKey, sender),
        signal,
        onMessageEnd: () => {
          messageLeft = true;
        },
      };
      try {
        const sent = await transport.sendMail(tracked);
        return { kind: 'accepted', providerMessageId: sent.messageId };
      } catch (error) {
        if (signal.aborted) return stoppedOutcome(signal, messageLeft);
        const { code, command, response } = detailsOf(error);
        return classifySmtpFailure({
          code: code ?? '',
          ...(command !== undefined && { command }),
          ...(response !== undefined && { reply: quoteReply(response, secrets) }),
          messageLeft,
        });
      }
    },
    async health(signal) {
      const stop = new AbortController();
      try {
        await Promise.race([transport.verify(), aborted(signal, stop.signal)]);
        return { ok: true };
      } catch (error) {
        if (signal.aborted) return { ok: false, message: 'The mail server did not answer in time.' };
        const { code, command, response } = detailsOf(error);
        const reply = response === undefined ? undefined : quoteReply(response, secrets);
        const outcome = classifySmtpFailure({
          code: code ?? '',
          ...(command !== undefined && { command }),
          ...(reply !== undefined && { reply }),
          messageLeft: false,
        });
        return { ok: false, message: 'message' in outcome ? outcome.message : 'The mail server refused.' };
      } finally {
        stop.abort();
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** An e-mail that says when all of it has been handed to the connection. */
interface Tracked {
  readonly onMessageEnd: () => void;
}
const isTracked = (data: object): data is Tracked =>
  'onMessageEnd' in data && typeof data.onMessageEnd === 'function';

function detailsOf(error: unknown): { code?: string; command?: string; response?: string } {
  const details: { code?: string; command?: string; response?: string } = {};
  if (!(error instanceof Error)) return details;
  if ('code' in error && typeof error.code === 'string') details.code = error.code;
  if ('command' in error && typeof error.command === 'string') details.command = error.command;
  if ('response' in error && typeof error.response === 'string') details.response = error.response;
  return details;
}

/** The one address of a `From` field; undefined for none, several or a group. */
function parseSender(value: string): Sender | undefined {
  const [first, ...more] = addressparser(value);
  if (!first || more.length > 0 || first.address === undefined || !isMailAddress(first.address))
    return undefined;
  return { name: first.name, address: first.address };
}

/** Rejects when `signal` aborts; listens until `stop` does. */
const aborted = (signal: AbortSignal, stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: stop });
  });
