/** EMAIL over SMTP (nodemailer). */
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import {
  type DeliveryTokens,
  type Provider,
  type ProviderDefinition,
  type ReceiptListener,
  type SendOutcome,
  stoppedOutcome,
} from '../contract.ts';
import { inTime } from '../network/in-time.ts';
import { isMailAddress, type Sender, senderOf, senderSchema } from '../network/mail-address.ts';
import { mailParts } from '../network/mail-parts.ts';
import { bounceMailbox } from './bounce-mailbox.ts';
import { classifySmtpFailure } from './classify-failure.ts';
import { composeMail } from './compose-mail.ts';
import { createDkim, type Dkim, dkimKeyProblem } from './dkim.ts';
import { imapUrlProblem, mailboxOf } from './imap-url.ts';
import { quoteReply } from './quote-reply.ts';
import { maxConnectionsOf, secretsOf, smtpUrlProblem } from './smtp-url.ts';

const domainName = z
  .string()
  .regex(
    /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i,
    'must be a name in DNS',
  );
const DKIM_FIELDS = ['dkimDomain', 'dkimSelector', 'dkimPrivateKey'] as const;

const config = z
  .object({
    url: z
      .string()
      .superRefine((value, context) => {
        const problem = smtpUrlProblem(value);
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      })
      .meta({ title: 'Server', description: 'smtps://user:password@mail.example.com', secret: true }),
    from: senderSchema,
    dkimDomain: domainName
      .optional()
      .meta({ title: 'DKIM domain', description: 'Signs e-mails; not needed where the server does' }),
    dkimSelector: domainName.optional().meta({
      title: 'DKIM selector',
      description: 'The public key stands in DNS at <selector>._domainkey.<domain>',
    }),
    dkimPrivateKey: z
      .string()
      .superRefine((value, context) => {
        const problem = dkimKeyProblem(value);
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      })
      .optional()
      .meta({ title: 'DKIM private key', description: 'RSA, as PEM', secret: true }),
    returnPath: z
      .string()
      .refine(isMailAddress, 'must be an e-mail address')
      .optional()
      .meta({ title: 'Address of bounces', description: 'The sender without it' }),
    bounces: z
      .string()
      .superRefine((value, context) => {
        const problem = imapUrlProblem(value);
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      })
      .optional()
      .meta({
        title: 'Mailbox of bounces',
        description: 'imaps://user:password@imap.example.com/INBOX; not read without it',
        secret: true,
      }),
    bouncesAfterwards: z
      .enum(['seen', 'move', 'delete'])
      .default('seen')
      .meta({ title: 'What becomes of a bounce that was read' }),
    bouncesMoveTo: z
      .string()
      .min(1)
      .max(200)
      .default('Herald')
      .meta({ title: 'Folder that bounces are moved to' }),
  })
  .superRefine((value, context) => {
    if (DKIM_FIELDS.every((field) => value[field] === undefined)) return;
    for (const field of DKIM_FIELDS)
      if (value[field] === undefined)
        context.addIssue({ code: 'custom', path: [field], message: 'is missing: DKIM needs all three' });
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
  settings: {
    url: 'SMTP_URL',
    from: 'SMTP_FROM',
    dkimDomain: 'SMTP_DKIM_DOMAIN',
    dkimSelector: 'SMTP_DKIM_SELECTOR',
    dkimPrivateKey: 'SMTP_DKIM_PRIVATE_KEY',
    returnPath: 'SMTP_RETURN_PATH',
    bounces: 'SMTP_BOUNCES_URL',
    bouncesAfterwards: 'SMTP_BOUNCES_AFTERWARDS',
  },
  capabilities: { idempotent: false, html: true },
  limits: {},
  fromSettings: (settings) =>
    settings.SMTP_URL === undefined
      ? undefined
      : {
          url: settings.SMTP_URL,
          from: settings.SMTP_FROM,
          dkimDomain: settings.SMTP_DKIM_DOMAIN,
          dkimSelector: settings.SMTP_DKIM_SELECTOR,
          dkimPrivateKey: settings.SMTP_DKIM_PRIVATE_KEY,
          returnPath: settings.SMTP_RETURN_PATH,
          bounces: settings.SMTP_BOUNCES_URL,
          bouncesAfterwards: settings.SMTP_BOUNCES_AFTERWARDS,
        },
  create({ url, from, dkimDomain, dkimSelector, dkimPrivateKey, ...settings }, { deliveryTokens, log }) {
    const { returnPath, bounces, bouncesAfterwards, bouncesMoveTo } = settings;
    const mailbox = bounces === undefined ? undefined : mailboxOf(bounces);
    return createSmtpProvider({
      url,
      sender: senderOf(from),
      returnPath,
      dkim:
        dkimDomain === undefined || dkimSelector === undefined || dkimPrivateKey === undefined
          ? undefined
          : createDkim({ domain: dkimDomain, selector: dkimSelector, privateKey: dkimPrivateKey }),
      tokens: deliveryTokens,
      listener:
        mailbox &&
        bounceMailbox({
          mailbox,
          afterwards: bouncesAfterwards,
          moveTo: bouncesMoveTo,
          tokens: deliveryTokens,
          secrets: [...secretsOf(url), ...secretsOf(bounces ?? '')],
          log,
        }),
    });
  },
} satisfies ProviderDefinition<typeof config>;

interface SmtpParts {
  readonly url: string;
  readonly sender: Sender;
  readonly returnPath: string | undefined;
  readonly dkim: Dkim | undefined;
  readonly tokens: DeliveryTokens;
  /** Of the mailbox of bounces, where there is one. */
  readonly listener: ReceiptListener | undefined;
}

function createSmtpProvider({ url, sender, returnPath, dkim, tokens, listener }: SmtpParts): Provider {
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
        // Signed here and not by nodemailer: that reads the whole message before the server has taken the recipient.
        const written = dkim ? dkim.sign(stream) : stream;
        // Registered before nodemailer reads, so it is called before the final dot is written.
        written.once('end', data.onMessageEnd);
        return written;
      });
    done();
  });

  return {
    concurrency: maxConnections,
    ...(listener && { listener }),
    async send(message, { signal }): Promise<SendOutcome> {
      const parts = await mailParts(message);
      if ('wrong' in parts) return parts.wrong;
      let messageLeft = false;
      const tracked = {
        ...composeMail(parts.mail, {
          from: sender,
          returnPath,
          token: tokens.tokenOf(message.delivery),
          readsBounces: listener !== undefined,
        }),
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
      try {
        await inTime(transport.verify(), signal);
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
