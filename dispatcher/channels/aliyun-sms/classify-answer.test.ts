import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifyAliyunAnswer } from './classify-answer.ts';

type Row = [
  code: string,
  status: number,
  kind: SendOutcome['kind'],
  error?: ChannelErrorCode,
  about?: 'recipient',
];
const answer = (status: number, body: object) => ({ status, text: JSON.stringify(body) });

describe('classifyAliyunAnswer', () => {
  it.each<Row>([
    ['isv.MOBILE_NUMBER_ILLEGAL', 200, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    ['isv.BUSINESS_LIMIT_CONTROL', 200, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    ['isv.DAY_LIMIT_CONTROL', 200, 'rateLimited'],
    ['isv.MONTH_LIMIT_CONTROL', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.AMOUNT_NOT_ENOUGH', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.OUT_OF_SERVICE', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isp.RAM_PERMISSION_DENY', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.SMS_TEMPLATE_ILLEGAL', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.SMS_SIGNATURE_ILLEGAL', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.TEMPLATE_MISSING_PARAMETERS', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.PARAM_LENGTH_LIMIT', 200, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    ['isv.BLACK_KEY_CONTROL_LIMIT', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    ['isv.CUSTOMER_REFUSED', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    ['isv.DOMESTIC_NUMBER_NOT_SUPPORTED', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    ['isv.SMS_TEST_NUMBER_LIMIT', 200, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    ['isv.ACCOUNT_NOT_EXISTS', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.ACCOUNT_ABNORMAL', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.SECURITY_FROZEN_ACCOUNT', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.PRODUCT_UN_SUBSCRIPT', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.PRODUCT_UNSUBSCRIBE', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.DENY_IP_RANGE', 200, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['isv.SMS_SIGN_ILLEGAL', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.SIGN_STATE_ILLEGAL', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.SIGNATURE_BLACKLIST', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['SIGNATURE_BLACKLIST', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.SMS_SIGNATURE_SCENE_ILLEGAL', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.SMS_TEST_SIGN_TEMPLATE_LIMIT', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.EXTEND_CODE_ERROR', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.ONE_CODE_MULTIPLE_SIGN', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.CODE_EXCEED_LIMIT', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.CODE_ERROR', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['PORT_NOT_REGISTERED', 200, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['isv.TEMPLATE_PARAMS_ILLEGAL', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.INVALID_JSON_PARAM', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.INVALID_PARAMETERS', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.PARAM_NOT_SUPPORT_URL', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.SMS_CONTENT_ILLEGAL', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.UNSUPPORTED_CONTENT', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isv.MOBILE_COUNT_OVER_LIMIT', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['isp.GATEWAY_ERROR', 200, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['InvalidVersion', 400, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['InvalidAction.NotFound', 404, 'permanent', 'CHANNEL_MISCONFIGURED'],
    ['SignatureNonceUsed', 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['isp.SYSTEM_ERROR', 200, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['isv.SOMETHING_NEW', 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    ['SignatureDoesNotMatch', 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['InvalidAccessKeyId.NotFound', 404, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['InvalidTimeStamp.Expired', 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['Throttling.User', 400, 'rateLimited'],
    ['Throttling', 400, 'rateLimited'],
    ['Forbidden.RAM', 403, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    ['ServiceUnavailable', 503, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['SomethingNew', 500, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    ['SomethingNew', 429, 'rateLimited'],
  ])('%s (%i)', (code, status, kind, error, about) => {
    const outcome = classifyAliyunAnswer(answer(status, { Code: code, Message: 'hunter2' }));
    expect(outcome).toMatchObject({ kind, ...(error && { code: error }), ...(about && { about }) });
    if (!about) expect(outcome).not.toHaveProperty('about');
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('keeps the number of the message', () => {
    const body = { Code: 'OK', Message: 'OK', BizId: '900619746936498440^0' };
    expect(classifyAliyunAnswer(answer(200, body))).toEqual({
      kind: 'accepted',
      providerMessageId: '900619746936498440^0',
    });
  });

  it('tells no code that is none, and goes by the status of what is no JSON', () => {
    const said = classifyAliyunAnswer(answer(200, { Code: 'the secret is hunter2' }));
    expect(JSON.stringify(said)).not.toContain('hunter2');
    expect(classifyAliyunAnswer({ status: 502, text: '<html>' })).toMatchObject({ mayHaveSent: true });
    expect(classifyAliyunAnswer({ status: 200, text: '<html>' })).toMatchObject({
      code: 'CHANNEL_UNEXPECTED_ANSWER',
    });
  });
});
