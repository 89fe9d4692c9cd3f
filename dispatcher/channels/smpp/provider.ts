/** SMS over SMPP 3.4, to a carrier's or an aggregator's SMSC. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  type Listening,
  type Provider,
  type ProviderDefinition,
  type SendOutcome,
  stoppedOutcome,
} from '../contract.ts';
import { isPhoneNumber, NO_PHONE_NUMBER } from '../network/phone-number.ts';
import { plainText } from '../network/plain-text.ts';
import { notForRecipient, outcomeOfRule, tooLong } from '../network/vendor-errors.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifyStatus, isThrottled, NAME } from './classify-answer.ts';
import { idOfAnswer, readDeliveryReceipt } from './delivery-receipt.ts';
import { smsSegments, textFields } from './segments.ts';
import { createSmppPool, SmppError, type SmppPool } from './smpp-pool.ts';

/** Alphanumeric, a short code, or E.164. (SMPP 3.4, 5.2.8: up to 20 characters) */
const sender = z
  .string()
  .regex(
    /^(?:\+[1-9]\d{6,14}|\d{3,15}|(?=.*[A-Za-z])[\w .&-]{1,11})$/,
    'must be a number, or at most 11 letters and digits',
  );

const config = z.object({
  host: z.string().min(1).meta({ title: 'Host' }),
  port: z.int().min(1).max(65_535).default(2_775).meta({ title: 'Port' }),
  tls: z.boolean().default(false).meta({ title: 'TLS' }),
  systemId: z.string().min(1).max(15).meta({ title: 'System id' }),
  password: z.string().min(1).max(64).meta({ title: 'Password', secret: true }),
  systemType: z.string().max(12).default('').meta({ title: 'System type' }),
  from: sender.meta({ title: 'Sender', description: 'A number, or up to 11 letters and digits' }),
  fromTon: z.int().min(0).max(6).optional().meta({ title: 'Type of number of the sender' }),
  fromNpi: z.int().min(0).max(18).optional().meta({ title: 'Numbering plan of the sender' }),
  longMessages: z.enum(['udh', 'sar', 'payload']).default('udh').meta({
    title: 'Long messages',
    description: 'Segments with a header or with SAR fields, or message_payload',
  }),
  maxSegments: z.int().min(1).max(255).default(10).meta({ title: 'Most segments of a message' }),
  deliveryReceipts: z.boolean().default(true).meta({ title: 'Ask for delivery receipts' }),
  receiptIds: z.enum(['same', 'decimal', 'hex']).default('same').meta({
    title: 'Message ids in receipts',
    description:
      'The same as in answers, or the same number in decimal (answers: hex) or in hex (answers: decimal)',
  }),
  binds: z.int().min(1).max(50).default(1).meta({ title: 'Connections' }),
  window: z
    .int()
    .min(1)
    .max(1_000)
    .default(10)
    .meta({ title: 'Window', description: 'Most messages without an answer on each connection' }),
});

const smppPart = z.object({ from: sender.optional() });

/** Behind the first segment, an SMSC that throttles is asked again after so long. */
const THROTTLED_MS = 500;
/** SMSCs keep a message for some days at most. */
const LONGEST_VALIDITY_MS = 7 * 24 * 60 * 60_000;

/** `command_status` of SMPP 3.4, 5.1.3: taken, and not now (ESME_RX_T_APPN). */
const TAKEN = 0x00;
const NOT_NOW = 0x64;
/** While it listens, a connection that was lost is made anew within this time. */
const LISTEN_LOOK_MS = 10_000;

export const smpp = {
  id: 'smpp',
  name: 'SMPP',
  channels: ['SMS'],
  config,
  capabilities: { idempotent: false, html: false },
  limits: {},
  async create(settings, { log, now }): Promise<Provider> {
    const { default: library } = await import('smpp');
    const { binds, window, longMessages, maxSegments, deliveryReceipts } = settings;
    let listening: Listening | undefined;
    const pool = createSmppPool(library, settings, async (pdu) => {
      const receipt = readDeliveryReceipt(pdu, settings.receiptIds);
      if (!receipt) {
        log.info({}, 'an SMS from a phone was passed over: Herald reads none');
        return TAKEN;
      }
      if (!deliveryReceipts) return TAKEN;
      // Another connection of the system id may have somebody who listens.
      if (!listening) return NOT_NOW;
      try {
        await listening.take([receipt]);
        return TAKEN;
      } catch (error) {
        log.warn({ err: error }, 'an SMPP receipt was not stored: the SMSC is to tell it again');
        return NOT_NOW;
      }
    });
    let reference = Math.floor(Math.random() * 256);

    return {
      concurrency: binds * window,
      async send(message, { signal }): Promise<SendOutcome> {
        if (!isPhoneNumber(message.address)) return NO_PHONE_NUMBER;
        const found = vendorPart(message, smpp.id, smppPart);
        if ('wrong' in found) return found.wrong;
        const text = plainText(message);
        if (text === '') return outcomeOfRule(NAME, 'body', notForRecipient('takes no empty message'));
        // Before it is cut: a text of many megabytes would keep the process busy.
        const sms = text.length > maxSegments * 160 ? undefined : smsSegments(text);
        if (!sms || sms.segments.length > maxSegments) return tooLong(NAME, `${maxSegments} segments`);
        reference = (reference + 1) % 256;
        const requests = textFields(sms, longMessages, reference);
        const from = found.part?.from ?? settings.from;
        const at = now().getTime();
        const validMs = (message.expiresAt?.getTime() ?? Number.NaN) - at;
        const fields = {
          ...senderFields(from, settings),
          dest_addr_ton: 1,
          dest_addr_npi: 1,
          destination_addr: message.address.slice(1),
          ...(validMs > 0 && validMs < LONGEST_VALIDITY_MS && { validity_period: message.expiresAt }),
        };
        let left = false;
        let providerMessageId: string | undefined;
        try {
          for (const [index, request] of requests.entries()) {
            // The message goes by the id of its first segment: nobody knew those of the others.
            const registered = { registered_delivery: deliveryReceipts && index === 0 ? 1 : 0 };
            const submit = { ...fields, ...registered, ...request };
            let answer = await pool.ask('submit_sm', submit, signal, () => {
              left = true;
            });
            // Half a message must not wait for another attempt: that would begin it anew.
            while (index > 0 && isThrottled(answer.command_status)) {
              await sleep(THROTTLED_MS, undefined, { signal });
              answer = await pool.ask('submit_sm', submit, signal);
            }
            if (answer.command_status !== 0) return refused(answer.command_status, index > 0);
            if (answer.message_id) providerMessageId ??= idOfAnswer(answer.message_id, settings.receiptIds);
          }
          return { kind: 'accepted', ...(providerMessageId !== undefined && { providerMessageId }) };
        } catch (error) {
          return signal.aborted ? stoppedOutcome(signal, left) : outcomeOfError(error, left);
        }
      },
      async health(signal) {
        try {
          const { command_status: status } = await pool.ask('enquire_link', {}, signal);
          return status === 0 ? { ok: true } : { ok: false, message: sentence(classifyStatus(status)) };
        } catch (error) {
          const outcome = signal.aborted ? stoppedOutcome(signal, false) : outcomeOfError(error, false);
          return { ok: false, message: sentence(outcome) };
        }
      },
      ...(deliveryReceipts && {
        listener: {
          by: 'eachProcess' as const,
          async run(own: Listening) {
            listening = own;
            try {
              await staysBound(pool, own);
            } finally {
              listening = undefined;
            }
          },
        },
      }),
      close: () => pool.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

/** Receipts come to bound connections alone, so that there is one also while nothing is sent. */
async function staysBound(pool: SmppPool, { ready, signal }: Listening): Promise<void> {
  while (!signal.aborted) {
    try {
      const { command_status: status } = await pool.ask('enquire_link', {}, signal);
      if (status !== 0) throw new Error(sentence(classifyStatus(status)));
      ready();
      await sleep(LISTEN_LOOK_MS, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SmppError)
        throw new Error(sentence(outcomeOfError(error, false)), { cause: error });
      throw error;
    }
  }
}

/** @param begun whether segments before this one were taken. */
function refused(status: number, begun: boolean): SendOutcome {
  const outcome = classifyStatus(status);
  return outcome.kind === 'retryable' ? { ...outcome, mayHaveSent: begun } : outcome;
}

function outcomeOfError(error: unknown, left: boolean): SendOutcome {
  if (!(error instanceof SmppError))
    return {
      kind: 'permanent',
      code: 'CHANNEL_INTERNAL',
      message: 'The message could not be written as SMPP.',
    };
  if (error.why === 'refused') return classifyStatus(error.status);
  if (error.why === 'malformed')
    return {
      kind: 'retryable',
      code: 'CHANNEL_UNEXPECTED_ANSWER',
      message: `${NAME} answered with something that is not SMPP.`,
      mayHaveSent: left,
    };
  return {
    kind: 'retryable',
    code: 'CHANNEL_CONNECTION_FAILED',
    message:
      error.why === 'closed'
        ? 'The connections to the SMSC were closed.'
        : left
          ? `${NAME} closed the connection without an answer (${error.code}).`
          : `${NAME} could not be reached (${error.code}).`,
    mayHaveSent: left,
  };
}

/** SMPP 3.4, 5.2.5 and 5.2.6: international numbers, names, and short codes of a network. */
function senderFields(
  from: string,
  { fromTon, fromNpi }: { readonly fromTon?: number | undefined; readonly fromNpi?: number | undefined },
) {
  const [ton, npi] = from.startsWith('+') ? [1, 1] : /[A-Za-z]/.test(from) ? [5, 0] : [3, 0];
  return {
    source_addr_ton: fromTon ?? ton,
    source_addr_npi: fromNpi ?? npi,
    source_addr: from.replace(/^\+/, ''),
  };
}

const sentence = (outcome: SendOutcome): string =>
  'message' in outcome ? outcome.message : 'The SMSC took it.';
