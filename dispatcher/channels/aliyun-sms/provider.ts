/** SMS over Alibaba Cloud (Aliyun), for Chinese networks. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { isPhoneNumber, NO_PHONE_NUMBER } from '../network/phone-number.ts';
import { baseUrlSchema, createVendorHttp } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifyAliyunAnswer } from './classify-answer.ts';
import { aliyunParameters, aliyunPart, MESSAGE_CHARS } from './message-body.ts';
import { parseAliyunReceipts } from './parse-receipts.ts';
import { signAcsCall } from './sign-request.ts';

const NAME = 'Aliyun SMS';

const config = z.object({
  accessKeyId: z.string().min(1).meta({ title: 'Access key id' }),
  accessKeySecret: z.string().min(1).meta({ title: 'Access key secret', secret: true }),
  signName: z.string().min(1).meta({ title: 'Sign name', description: 'Stands before each message' }),
  templateCode: z
    .string()
    .regex(/^SMS_\w+$/, 'must be a template code, such as SMS_15305****')
    .optional()
    .meta({ title: 'Template', description: 'For messages that name none' }),
  titleParam: z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'Parameter of the title', description: 'Without it the title goes before the text' }),
  bodyParam: z.string().min(1).default('content').meta({ title: 'Parameter of the text' }),
  receiptToken: z
    .string()
    .min(16)
    .optional()
    .meta({ title: 'Receipt token', description: 'Of the receipt address: …?token=', secret: true }),
  baseUrl: baseUrlSchema('https://dysmsapi.aliyuncs.com'),
});

export const aliyunSms = {
  id: 'aliyun-sms',
  name: NAME,
  channels: ['SMS'],
  config,
  capabilities: { idempotent: false, html: false, receipts: true },
  limits: { bodyChars: MESSAGE_CHARS },
  create(settings, { now }): Provider {
    const { accessKeyId, accessKeySecret, signName, templateCode, receiptToken, baseUrl } = settings;
    const { titleParam, bodyParam } = settings;
    const http = createVendorHttp({ name: NAME, baseUrl, now });
    const { host } = new URL(baseUrl);

    const call = (action: string, parameters: Record<string, string>, signal: AbortSignal) => {
      const { query, headers } = signAcsCall(
        { host, action, version: '2017-05-25', parameters, at: now(), nonce: randomUUID() },
        { accessKeyId, accessKeySecret },
      );
      return http.request({ path: `/?${query}`, headers, signal });
    };

    return {
      async send(message, { idempotencyKey, signal }) {
        if (!isPhoneNumber(message.address)) return NO_PHONE_NUMBER;
        const found = vendorPart(message, aliyunSms.id, aliyunPart);
        if ('wrong' in found) return found.wrong;
        const defaults = { signName, templateCode, titleParam, bodyParam };
        const read = aliyunParameters(message, idempotencyKey, defaults, found.part);
        if ('wrong' in read) return read.wrong;
        const asked = await call('SendSms', read.parameters, signal);
        return 'failed' in asked ? asked.failed : classifyAliyunAnswer(asked.answer);
      },
      async health(signal) {
        const asked = await call('QuerySmsSignList', { PageIndex: '1', PageSize: '1' }, signal);
        const outcome = 'failed' in asked ? asked.failed : classifyAliyunAnswer(asked.answer);
        return outcome.kind === 'accepted' ? { ok: true } : { ok: false, message: outcome.message };
      },
      ...(receiptToken !== undefined && {
        parseReceipts: async (raw) => parseAliyunReceipts(raw, receiptToken),
      }),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;
