import { describe, expect, it } from 'vitest';
import { parseAliyunReceipts } from './parse-receipts.ts';

const TOKEN = 'a-token-of-the-receipt-address';
const raw = (body: string, token: string | undefined = TOKEN) => {
  const url = new URL('https://herald.example/receipts/aliyun-sms');
  if (token !== undefined) url.searchParams.set('token', token);
  return { method: 'POST', url, headers: {}, body: Buffer.from(body) };
};
/** As documented: https://help.aliyun.com/document_detail/101867.html */
const report = {
  phone_number: '13811110000',
  send_time: '2017-01-01 00:00:00',
  report_time: '2017-01-01 08:00:00',
  success: true,
  err_code: 'DELIVERED',
  err_msg: '用户接收成功',
  sms_size: '1',
  biz_id: '12345^0',
  out_id: '67890',
};

describe('parseAliyunReceipts', () => {
  it('reads many reports at once, and answers as the service wants it', () => {
    const failed = { ...report, success: false, err_code: 'MOBILE_NOT_ON_SERVICE', biz_id: '6^0' };
    expect(parseAliyunReceipts(raw(JSON.stringify([report, failed])), TOKEN)).toEqual({
      kind: 'receipts',
      receipts: [
        {
          key: '12345^0:13811110000:delivered',
          kind: 'delivered',
          providerMessageId: '12345^0',
          address: '+8613811110000',
          at: new Date('2017-01-01T00:00:00Z'),
        },
        {
          key: '6^0:13811110000:failed',
          kind: 'failed',
          providerMessageId: '6^0',
          address: '+8613811110000',
          at: new Date('2017-01-01T00:00:00Z'),
          message: 'The carrier did not deliver the message (MOBILE_NOT_ON_SERVICE).',
        },
      ],
      answer: { status: 200, contentType: 'application/json', body: '{"code":0,"msg":"ok"}' },
    });
  });

  it.each([
    ['USER_REJECT', ['failed', 'unsubscribed']],
    ['isv.CUSTOMER_REFUSED', ['failed', 'unsubscribed']],
    ['REQUEST_SUCCESS', ['deferred']],
    ['MOBILE_IN_BLACK', ['failed']],
    ['MOBILE_NOT_ON_SERVICE', ['failed']],
    ['INVALID_NUMBER', ['failed']],
    ['MOBILE_SEND_LIMIT', ['failed']],
    ['MOBILE_ACCOUNT_ABNORMAL', ['failed']],
    ['MOBLLE_TERMINAL_ERROR', ['failed']],
    ['CONTENT_KEYWORD', ['failed']],
    ['CONTENT_ERROR', ['failed']],
    ['IS_CLOSE', ['failed']],
    ['PARAMS_ILLEGAL', ['failed']],
    ['SP_NOT_BY_INTER_SMS', ['failed']],
    ['SP_UNKNOWN_ERROR', ['failed']],
    ['NO_ROUTE', ['failed']],
    ['', ['failed']],
  ])('makes of the code %j %j', (err_code, kinds) => {
    const parsed = parseAliyunReceipts(raw(JSON.stringify([{ ...report, success: false, err_code }])), TOKEN);
    expect(parsed).toMatchObject({
      receipts: kinds.map((kind) => ({ kind, message: expect.stringContaining(err_code) })),
    });
    const keys = parsed.kind === 'receipts' ? parsed.receipts.map(({ key }) => key) : [];
    expect(new Set(keys).size).toBe(kinds.length);
  });

  it('takes a masked number and a report without a time', () => {
    const masked = { ...report, phone_number: '1381111****', report_time: undefined };
    const parsed = parseAliyunReceipts(raw(JSON.stringify([masked])), TOKEN);
    expect(parsed).toMatchObject({ receipts: [{ kind: 'delivered', providerMessageId: '12345^0' }] });
    expect(JSON.stringify(parsed)).not.toContain('address');
  });

  it.each(['', 'wrong', `${TOKEN}x`])('believes nobody with the token %j', (token) => {
    expect(parseAliyunReceipts(raw(JSON.stringify([report]), token), TOKEN)).toMatchObject({
      kind: 'unauthorized',
    });
  });

  it.each(['', '{}', '[{}]', 'x', 'null'])('finds %j malformed', (body) => {
    expect(parseAliyunReceipts(raw(body), TOKEN)).toMatchObject({ kind: 'malformed' });
  });
});
