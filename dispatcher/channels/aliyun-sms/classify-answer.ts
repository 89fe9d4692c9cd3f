/** What answers of Alibaba Cloud's SMS service mean. */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import {
  addressInvalid,
  limited,
  misconfigured,
  notForRecipient,
  outcomeOfRule,
  rejected,
  tooLarge,
  unauthorized,
  unavailable,
  type VendorRule,
} from '../network/vendor-errors.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'Aliyun SMS';

/**
 * Those on SendSms of https://help.aliyun.com/document_detail/101346.html (now
 * https://help.aliyun.com/zh/sms/developer-reference/api-error-codes); the names without a prefix, as signatures and access keys have
 * them, are of all of Alibaba Cloud: https://api.aliyun.com/troubleshoot
 */
const RULES: Readonly<Record<string, VendorRule>> = {
  'isv.MOBILE_NUMBER_ILLEGAL': addressInvalid('finds the phone number wrong'),
  'isv.DOMESTIC_NUMBER_NOT_SUPPORTED': notForRecipient('has no template for numbers of this country'),
  'isv.CUSTOMER_REFUSED': notForRecipient('says that the recipient takes no advertising'),
  'isv.BLACK_KEY_CONTROL_LIMIT': notForRecipient(
    'has the number on its list of those who refuse, or complained',
  ),
  'isv.SMS_TEST_NUMBER_LIMIT': notForRecipient(
    'sends this template to test numbers only',
    'CHANNEL_ADDRESS_NOT_ALLOWED',
  ),
  'isv.BUSINESS_LIMIT_CONTROL': {
    kind: 'retryable',
    code: 'CHANNEL_RATE_LIMITED',
    message: 'limits messages to one number: one a minute, five an hour, ten a day',
    mayHaveSent: false,
    about: 'recipient',
  },
  'isv.DAY_LIMIT_CONTROL': limited('has reached the account’s limit for the day', 60 * 60_000),
  'isv.MONTH_LIMIT_CONTROL': misconfigured('has reached the account’s limit for the month'),
  'isv.AMOUNT_NOT_ENOUGH': unauthorized('has no more credit'),
  'isv.OUT_OF_SERVICE': unauthorized('has no more credit'),
  'isv.ACCOUNT_NOT_EXISTS': unauthorized('knows no such account'),
  'isv.ACCOUNT_ABNORMAL': unauthorized('has locked the account'),
  'isv.SECURITY_FROZEN_ACCOUNT': unauthorized('has frozen the account'),
  'isv.PRODUCT_UN_SUBSCRIPT': unauthorized('is not ordered'),
  'isv.PRODUCT_UNSUBSCRIBE': unauthorized('is not ordered'),
  'isv.DENY_IP_RANGE': unauthorized('does not take requests from this IP address'),
  'isp.RAM_PERMISSION_DENY': unauthorized('gives the access key no right to send'),
  'isv.SMS_TEMPLATE_ILLEGAL': misconfigured('knows no such template'),
  'isv.SMS_SIGNATURE_ILLEGAL': misconfigured('knows no such sign name'),
  'isv.SMS_SIGN_ILLEGAL': misconfigured('has forbidden the sign name'),
  'isv.SIGN_STATE_ILLEGAL': misconfigured('has forbidden the sign name'),
  'isv.SMS_SIGNATURE_SCENE_ILLEGAL': misconfigured('does not take the sign name for this template'),
  'isv.SIGNATURE_BLACKLIST': misconfigured('has forbidden the sign name'),
  SIGNATURE_BLACKLIST: misconfigured('has forbidden the sign name'),
  'isv.SMS_TEST_SIGN_TEMPLATE_LIMIT': misconfigured('takes a test’s sign name with a test’s template only'),
  'isv.EXTEND_CODE_ERROR': misconfigured('does not take the extension code'),
  'isv.ONE_CODE_MULTIPLE_SIGN': misconfigured('knows the extension code with another sign name'),
  'isv.CODE_EXCEED_LIMIT': misconfigured('has no more extension codes'),
  'isv.CODE_ERROR': misconfigured('does not take the extension code'),
  PORT_NOT_REGISTERED: misconfigured('has not registered the sign name with the carriers yet'),
  'isv.TEMPLATE_MISSING_PARAMETERS': rejected('misses a parameter of the template'),
  'isv.TEMPLATE_PARAMS_ILLEGAL': rejected('finds a parameter of the template wrong'),
  'isv.INVALID_JSON_PARAM': rejected('finds the parameters malformed'),
  'isv.INVALID_PARAMETERS': rejected('finds the parameters wrong'),
  'isv.PARAM_LENGTH_LIMIT': tooLarge('finds a parameter too long'),
  'isv.PARAM_NOT_SUPPORT_URL': rejected('takes no link in a parameter'),
  'isv.MOBILE_COUNT_OVER_LIMIT': rejected('finds too many numbers'),
  'isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL': rejected('takes four to six digits in a test’s template only'),
  'isv.UNSUPPORTED_CONTENT': rejected('finds characters in the message that carriers do not take'),
  'isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE': rejected('finds advertising in the message'),
  'isv.SMS_CONTENT_ILLEGAL': rejected('finds forbidden words in the message'),
  'isp.SYSTEM_ERROR': unavailable('has an error of its own'),
  'isp.GATEWAY_ERROR': unavailable('could not pass the message on'),
  InvalidVersion: misconfigured('does not know this version of its API'),
  'InvalidAction.NotFound': misconfigured('does not know the call'),
  SignatureDoesNotMatch: unauthorized('does not take the signature'),
  IncompleteSignature: unauthorized('does not take the signature'),
  'InvalidAccessKeyId.NotFound': unauthorized('knows no such access key'),
  'InvalidAccessKeyId.Inactive': unauthorized('has switched the access key off'),
  'InvalidTimeStamp.Expired': unauthorized('finds this machine’s clock wrong'),
  SignatureNonceUsed: unavailable('has seen the request already'),
  ServiceUnavailable: unavailable('is not available'),
  InternalError: unavailable('has an error of its own'),
};

const answerSchema = z.object({ Code: z.string(), BizId: z.string().optional() });

/** The outcome of SendSms. */
export function classifyAliyunAnswer(answer: VendorAnswer): SendOutcome {
  const found = jsonOf(answer.text, answerSchema);
  if (!found)
    return answer.status === 200 ? notUnderstood(NAME, answer.status) : outcomeOfStatus(NAME, answer);
  const { Code: code, BizId: providerMessageId } = found;
  if (code === 'OK') return { kind: 'accepted', ...(providerMessageId && { providerMessageId }) };
  const rule = RULES[code] ?? ruleOfFamily(code);
  if (rule) return outcomeOfRule(NAME, code, rule);
  // The code is one of the vendor's names, or not told.
  const told = /^[\w.:-]{1,64}$/.test(code) ? code : 'unknown code';
  return answer.status >= 400 ? outcomeOfStatus(NAME, answer, told) : outcomeOfRule(NAME, told, rejected());
}

function ruleOfFamily(code: string): VendorRule | undefined {
  if (/^Throttling(\.|$)/.test(code)) return limited('limits its calls');
  if (/^(Forbidden|NoPermission)(\.|$)/.test(code)) return unauthorized('gives the access key no right');
  return undefined;
}
