/** What Alibaba Cloud tells later of its SMS (SmsReport, HTTP push: https://help.aliyun.com/document_detail/101867.html). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
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

/**
 * Of the codes of https://help.aliyun.com/zh/sms/developer-reference/api-error-codes: the recipient unsubscribed. That a
 * number is on a carrier's list (MOBILE_IN_BLACK) may have other reasons, and MOBILE_NOT_ON_SERVICE and INVALID_NUMBER do
 * not tell a dead number from a phone that is off.
 */
const REFUSED: readonly string[] = ['USER_REJECT', 'isv.CUSTOMER_REFUSED'];
/** The carrier has told nothing. */
const UNTOLD = 'REQUEST_SUCCESS';

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
    receipts: found.flatMap((report) => {
      const { biz_id, phone_number, err_code = '' } = report;
      const kind = kindOf(report);
      // Times are those of Beijing, and do not say so.
      const at = new Date(`${report.report_time?.replace(' ', 'T')}+08:00`);
      const code = /^[\w.:-]{1,64}$/.test(err_code) ? ` (${err_code})` : '';
      return undelivered({
        key: `${biz_id}:${phone_number}:${kind === 'unsubscribed' ? 'failed' : kind}`,
        kind,
        providerMessageId: biz_id,
        ...(/^\d{5,15}$/.test(phone_number) && { address: addressOf(phone_number) }),
        ...(!Number.isNaN(at.getTime()) && { at }),
        ...(kind === 'deferred' && {
          message: `The carrier has not told what became of the message${code}.`,
        }),
        ...((kind === 'failed' || kind === 'unsubscribed') && {
          message: `The carrier did not deliver the message${code}.`,
        }),
      });
    }),
    answer: TAKEN,
  };
}

function kindOf({ success, err_code = '' }: z.output<typeof reports>[number]): Receipt['kind'] {
  if (success) return 'delivered';
  if (err_code === UNTOLD) return 'deferred';
  return REFUSED.includes(err_code) ? 'unsubscribed' : 'failed';
}

/** Compared by their hashes: in the same time, whatever their lengths. */
const same = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
