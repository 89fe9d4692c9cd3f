/**
 * Status callbacks of Vonage's Messages API (https://developer.vonage.com/en/messages/concepts/messages-status-callbacks)
 * and events of its Voice API (https://developer.vonage.com/en/voice/voice-api/webhook-reference#event-webhook), signed as https://developer.vonage.com/en/messages/concepts/signed-webhooks lays down.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
import { jsonOf } from '../network/vendor-http.ts';
import { codeOf, failureOf } from './classify-answer.ts';

const problem = z.object({
  type: z.string().optional(),
  title: z.union([z.string(), z.number()]).optional(),
});
const callback = z.object({
  message_uuid: z.string().min(1),
  status: z.string().min(1),
  to: z.string().optional(),
  timestamp: z.string().optional(),
  client_ref: z.string().optional(),
  error: problem.extend({ error: problem.optional() }).optional(),
});

/** An event of a call: where there is no message. */
const callEvent = z.object({
  uuid: z.string().min(1),
  status: z.string().min(1),
  to: z.string().optional(),
  timestamp: z.string().optional(),
});

export async function parseVonageReceipt(
  { headers, body }: RawReceipt,
  {
    signatureSecret,
    applicationId,
  }: { readonly signatureSecret?: string | undefined; readonly applicationId: string },
  now: Date,
): Promise<ParsedReceipts> {
  if (signatureSecret === undefined)
    return {
      kind: 'unauthorized',
      message: 'The account has no signatureSecret: its receipts cannot be believed.',
    };
  if (!(await isSigned(headers.authorization ?? '', body, { signatureSecret, applicationId }, now)))
    return {
      kind: 'unauthorized',
      message: 'The signature does not fit: check signatureSecret and applicationId.',
    };
  const text = body.toString('utf8');
  const message = jsonOf(text, callback);
  const told = message ?? jsonOf(text, callEvent);
  if (!told) {
    // Events that are of no single call, such as errors in what was to be read, come to the same address.
    const other = jsonOf(text, z.object({ conversation_uuid: z.string() }));
    return other
      ? { kind: 'receipts', receipts: [] }
      : { kind: 'malformed', message: 'This is neither a status callback nor an event of a call.' };
  }
  const id = 'uuid' in told ? told.uuid : told.message_uuid;
  // Some channels put one error into another.
  const error = message?.error?.error ?? message?.error;
  const what = message
    ? kindOf(message.status, codeOf(error?.type) ?? codeOf(`#${error?.title ?? ''}`))
    : callKindOf(told.status);
  if (!what) return { kind: 'receipts', receipts: [] };
  const at = new Date(told.timestamp ?? Number.NaN);
  return {
    kind: 'receipts',
    receipts: undelivered({
      key: `${id}:${told.status}`,
      providerMessageId: id,
      ...what,
      ...(message?.client_ref && { delivery: message.client_ref }),
      ...(/^\d{7,15}$/.test(told.to ?? '') && { address: `+${told.to}` }),
      ...(!Number.isNaN(at.getTime()) && { at }),
    }),
  };
}

/** The token is signed with the account's secret, and is about this body. */
async function isSigned(
  authorization: string,
  body: Buffer,
  { signatureSecret, applicationId }: { readonly signatureSecret: string; readonly applicationId: string },
  now: Date,
): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(
      authorization.replace(/^Bearer /i, ''),
      new TextEncoder().encode(signatureSecret),
      { algorithms: ['HS256'], currentDate: now },
    );
    if (payload.application_id !== undefined && payload.application_id !== applicationId) return false;
    const hash = createHash('sha256').update(body).digest();
    const signed = Buffer.from(typeof payload.payload_hash === 'string' ? payload.payload_hash : '', 'hex');
    return signed.length === hash.length && timingSafeEqual(signed, hash);
  } catch {
    // Whatever is wrong with the token, it is not Vonage's.
    return false;
  }
}

/** `delivered` and the like; undefined for a step on the way there. */
function kindOf(status: string, code: string | undefined): Pick<Receipt, 'kind' | 'message'> | undefined {
  switch (status) {
    case 'delivered':
      return { kind: 'delivered' };
    case 'read':
      return { kind: 'opened' };
    case 'rejected':
    case 'undeliverable':
      return failureOf(code);
    default:
      return undefined;
  }
}

/** How a call ended; undefined for one that has not. */
function callKindOf(status: string): Pick<Receipt, 'kind' | 'message'> | undefined {
  switch (status) {
    // Somebody answered, or a mailbox.
    case 'completed':
      return { kind: 'delivered' };
    case 'busy':
      return { kind: 'failed', message: 'Vonage: the line was busy.' };
    case 'unanswered':
    case 'timeout':
      return { kind: 'failed', message: 'Vonage: nobody answered the call.' };
    case 'rejected':
      return { kind: 'failed', message: 'Vonage: the call was rejected.' };
    case 'cancelled':
      return { kind: 'failed', message: 'Vonage: the call was canceled.' };
    case 'failed':
      return { kind: 'failed', message: 'Vonage could not put the call through.' };
    default:
      return undefined;
  }
}
