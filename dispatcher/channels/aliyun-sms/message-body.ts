/** A message as SendSms takes it: the parameters of a template. */
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';
import { plainText } from '../network/plain-text.ts';
import { notForRecipient, outcomeOfRule, tooLong } from '../network/vendor-errors.ts';

/** What `data['aliyun-sms']` takes. */
export const aliyunPart = z.object({
  signName: z.string().min(1).optional(),
  templateCode: z.string().min(1).optional(),
  /** The template's parameters, in place of title and body. */
  params: z.record(z.string(), z.string()).optional(),
  upExtendCode: z.string().regex(/^\d+$/).optional(),
});

export interface AliyunDefaults {
  readonly signName: string;
  readonly templateCode: string | undefined;
  readonly titleParam: string | undefined;
  readonly bodyParam: string;
}

/** Of a whole message, with the template's own text: https://help.aliyun.com/document_detail/108253.html */
export const MESSAGE_CHARS = 500;

/** The call's parameters, or the outcome of a message that cannot be one. */
export function aliyunParameters(
  message: Pick<OutgoingMessage, 'address' | 'title' | 'body' | 'url'>,
  idempotencyKey: string,
  defaults: AliyunDefaults,
  part: z.output<typeof aliyunPart> | undefined,
): { readonly parameters: Record<string, string> } | { readonly wrong: SendOutcome } {
  const templateCode = part?.templateCode ?? defaults.templateCode;
  if (templateCode === undefined)
    return {
      wrong: outcomeOfRule('Aliyun SMS', 'templateCode', notForRecipient('needs a template')),
    };
  const params = part?.params ?? paramsOf(message, defaults);
  const chars = Object.values(params).reduce((sum, value) => sum + value.length, 0);
  if (chars > MESSAGE_CHARS) return { wrong: tooLong('Aliyun SMS', `${MESSAGE_CHARS} characters`) };
  return {
    parameters: {
      PhoneNumbers: aliyunNumber(message.address),
      SignName: part?.signName ?? defaults.signName,
      TemplateCode: templateCode,
      TemplateParam: JSON.stringify(params),
      // Comes back in receipts, and helps to find a message in the vendor's console.
      ...(/^[\w.:-]{1,256}$/.test(idempotencyKey) && { OutId: idempotencyKey }),
      ...(part?.upExtendCode !== undefined && { SmsUpExtendCode: part.upExtendCode }),
    },
  };
}

function paramsOf(
  message: Pick<OutgoingMessage, 'title' | 'body' | 'url'>,
  { titleParam, bodyParam }: AliyunDefaults,
): Record<string, string> {
  const { title, ...rest } = message;
  return titleParam === undefined
    ? { [bodyParam]: plainText(message) }
    : { [titleParam]: title ?? '', [bodyParam]: plainText(rest) };
}

/** Numbers of mainland China go without their country code, others with it and without the plus. */
const aliyunNumber = (e164: string): string => e164.replace(/^\+86(?=1\d{10}$)/, '').replace(/^\+/, '');

/** A number of a receipt as an address. */
export const addressOf = (number: string): string =>
  /^1\d{10}$/.test(number) ? `+86${number}` : `+${number}`;
