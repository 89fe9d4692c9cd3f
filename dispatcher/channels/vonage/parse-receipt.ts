/**
 * Status callbacks of Vonage's Messages API (https://developer.vonage.com/en/messages/concepts/messages-status-callbacks),
 * signed as https://developer.vonage.com/en/messages/concepts/signed-webhooks lays down.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { jsonOf } from '../network/vendor-http.ts';
import { codeOf, failureOf } from './classify-answer.ts';

const callback = z.object({
  message_uuid: z.string().min(1),
  status: z.string().min(1),
  to: z.string().optional(),
  timestamp: z.string().optional(),
  client_ref: z.string().optional(),
  error: z
    .object({ type: z.string().optional(), title: z.union([z.string(), z.number()]).optional() })
    .optional(),
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
  const told = jsonOf(body.toString('utf8'), callback);
  if (!told) return { kind: 'malformed', message: 'This is not a status callback of the Messages API.' };
  const what = kindOf(told.status, codeOf(told.error?.type) ?? codeOf(`#${told.error?.title ?? ''}`));
  if (!what) return { kind: 'receipts', receipts: [] };
  const at = new Date(told.timestamp ?? Number.NaN);
  return {
    kind: 'receipts',
    receipts: [
      {
        key: `${told.message_uuid}:${told.status}`,
        providerMessageId: told.message_uuid,
        ...what,
        ...(told.client_ref && { delivery: told.client_ref }),
        ...(/^\d{7,15}$/.test(told.to ?? '') && { address: `+${told.to}` }),
        ...(!Number.isNaN(at.getTime()) && { at }),
      },
    ],
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
