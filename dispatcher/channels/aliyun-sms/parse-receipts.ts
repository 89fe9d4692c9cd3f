/** What Alibaba Cloud tells later of its SMS (SmsReport, HTTP push: https://help.aliyun.com/document_detail/101867.html). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { jsonOf } from '../network/vendor-http.ts';
import { addressOf } from './message-body.ts';

const reports = z.array(
  z.object({
    phone_number: z.string(),
    report_time: z.string().optional(),
    success: z.boolean(),
    err_code: z.string().optional(),
    biz_id: z.string(),
  }),
);

/** The service looks for a number under `code`; it would repeat the reports otherwise. */
const TAKEN = { status: 200, contentType: 'application/json', body: '{"code":0,"msg":"ok"}' } as const;

/**
 * Reports are not signed: who knows the account's receipt token, in the address's query, is believed.
 */
export function parseAliyunReceipts({ url, body }: RawReceipt, token: string): ParsedReceipts {
  if (!same(url.searchParams.get('token') ?? '', token))
    return { kind: 'unauthorized', message: 'The token in the address is not the account’s.' };
  const found = jsonOf(body.toString('utf8'), reports);
  if (!found) return { kind: 'malformed', message: 'The body is no list of reports.' };
  return {
    kind: 'receipts',
    receipts: found.map((report): Receipt => {
      const { biz_id, phone_number, success, err_code = '' } = report;
      // Times are those of Beijing, and do not say so.
      const at = new Date(`${report.report_time?.replace(' ', 'T')}+08:00`);
      return {
        key: `${biz_id}:${phone_number}:${success ? 'delivered' : 'failed'}`,
        kind: success ? 'delivered' : 'failed',
        providerMessageId: biz_id,
        ...(/^\d{5,15}$/.test(phone_number) && { address: addressOf(phone_number) }),
        ...(!Number.isNaN(at.getTime()) && { at }),
        ...(!success && {
          message: `The carrier did not deliver the message${/^[\w.:-]{1,64}$/.test(err_code) ? ` (${err_code})` : ''}.`,
        }),
      };
    }),
    answer: TAKEN,
  };
}

/** Compared by their hashes: in the same time, whatever their lengths. */
const same = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
