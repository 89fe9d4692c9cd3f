/**
 * What a service worker tells of a push message: that it was shown, clicked or dismissed. The message carries a token
 * for its delivery, so that nobody else can tell of it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';

/** Bytes of a token: none is guessed in the life of a message. */
const TOKEN_BYTES = 16;

/** What the service worker knows of, by its own words. */
const KINDS = { shown: 'delivered', clicked: 'clicked', dismissed: 'dismissed' } as const satisfies Record<
  string,
  Receipt['kind']
>;

const reportSchema = z.object({
  delivery: z.string().min(1).max(200),
  event: z.enum(['shown', 'clicked', 'dismissed']),
  token: z.string().max(100),
});

/** @param secret of the account: its VAPID private key. */
export function reportToken(secret: string, delivery: string): string {
  return createHmac('sha256', secret)
    .update(`web push report ${delivery}`)
    .digest()
    .subarray(0, TOKEN_BYTES)
    .toString('base64url');
}

/** Reads a report: JSON, whatever its type says (a page of another origin can send text alone). Pure. */
export function parseReport(secret: string, { method, body }: RawReceipt): ParsedReceipts {
  if (method !== 'POST') return { kind: 'malformed', message: 'A report is a POST.' };
  const report = reportOf(body);
  if (!report)
    return {
      kind: 'malformed',
      message: 'A report is JSON: {"delivery", "event": "shown" | "clicked" | "dismissed", "token"}.',
    };
  const { delivery, event, token } = report;
  const expected = Buffer.from(reportToken(secret, delivery));
  const given = Buffer.from(token);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return { kind: 'unauthorized', message: 'The token is not the one of this delivery.' };
  return { kind: 'receipts', receipts: [{ key: `${delivery} ${event}`, kind: KINDS[event], delivery }] };
}

function reportOf(body: Buffer): z.output<typeof reportSchema> | undefined {
  try {
    return reportSchema.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    // No JSON: the missing value tells so.
    return undefined;
  }
}
