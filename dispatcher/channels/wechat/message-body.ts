/** A message as WeChat's templates take it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';
import { tooLong } from '../network/vendor-errors.ts';

const value = z.union([z.string(), z.object({ value: z.string(), color: z.string().optional() })]);

/** What `data.wechat` takes. */
export const wechatPart = z.object({
  /** `template`: of an official account; `subscribe`: of a mini-program. */
  kind: z.enum(['template', 'subscribe']).optional(),
  /** In place of the account's. */
  templateId: z.string().min(1).optional(),
  /** The template's fields by name, such as `thing1`; in place of title and body. */
  fields: z.record(z.string(), value).optional(),
  /** What a template message opens in place of the link. */
  miniProgram: z.object({ appId: z.string().min(1), pagePath: z.string().optional() }).optional(),
  /** What a subscribe message opens. */
  page: z.string().optional(),
  state: z.enum(['formal', 'trial', 'developer']).optional(),
});
export type WeChatPart = z.output<typeof wechatPart>;
export type WeChatKind = NonNullable<WeChatPart['kind']>;

/** Where the account puts title and body when the message has no fields of its own. */
export interface TemplateDefaults {
  readonly templateId: string | undefined;
  readonly titleField: string;
  readonly bodyField: string;
}

/**
 * Longest values by the type of a field, which its name begins with: `thing1`.
 * (https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html)
 */
const FIELD_CHARS: Readonly<Record<string, number>> = {
  thing: 20,
  character_string: 32,
  letter: 32,
  number: 32,
  phrase: 5,
  symbol: 5,
};

/** The body of the request, or the outcome of a message that cannot be one. */
export function wechatRequest(
  message: Pick<OutgoingMessage, 'title' | 'body' | 'url'>,
  to: {
    readonly openid: string;
    readonly kind: WeChatKind;
    readonly locale: string;
    readonly idempotencyKey: string;
  },
  defaults: TemplateDefaults,
  part: WeChatPart = {},
): { readonly request: object } | { readonly wrong: SendOutcome } {
  const templateId = part.templateId ?? defaults.templateId;
  if (templateId === undefined)
    return {
      wrong: wrongMessage('data.wechat.templateId is needed: the account has no template of its own.'),
    };
  const data = fieldsOf(message, defaults, part);
  if (Object.keys(data).length === 0)
    return { wrong: wrongMessage('A template message needs a field with a value.') };
  const long = Object.entries(data).find(([name, field]) => [...field.value].length > longest(name));
  if (long) return { wrong: tooLong('WeChat', `${long[0]}: ${longest(long[0])} characters`) };
  const { openid: touser, kind, locale, idempotencyKey } = to;
  const shared = { touser, template_id: templateId, data };
  if (kind === 'subscribe')
    return {
      request: {
        ...shared,
        ...(part.page !== undefined && { page: part.page }),
        miniprogram_state: part.state ?? 'formal',
        lang: langOf(locale),
      },
    };
  const { miniProgram } = part;
  return {
    request: {
      ...shared,
      ...(message.url !== undefined && { url: message.url }),
      ...(miniProgram && {
        miniprogram: {
          appid: miniProgram.appId,
          ...(miniProgram.pagePath !== undefined && { pagepath: miniProgram.pagePath }),
        },
      }),
      // For ten minutes, a second message with the same is not delivered to the same person.
      client_msg_id: createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32),
    },
  };
}

type Field = { readonly value: string; readonly color?: string | undefined };

function fieldsOf(
  { title, body }: Pick<OutgoingMessage, 'title' | 'body'>,
  { titleField, bodyField }: TemplateDefaults,
  { fields }: WeChatPart,
): Record<string, Field> {
  if (!fields)
    return {
      ...(title && { [titleField]: { value: title } }),
      ...(body && { [bodyField]: { value: body } }),
    };
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]): [string, Field] => [
      name,
      typeof field === 'string' ? { value: field } : field,
    ]),
  );
}

const longest = (field: string): number => FIELD_CHARS[field.replace(/\d+$/, '')] ?? Number.POSITIVE_INFINITY;

/** https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/…/sendMessage.html: zh_CN, en_US, zh_HK, zh_TW. */
function langOf(locale: string): string {
  const [language, ...rest] = locale.toLowerCase().split(/[-_]/);
  if (language !== 'zh') return 'en_US';
  if (rest.includes('hk') || rest.includes('mo')) return 'zh_HK';
  return rest.includes('tw') || rest.includes('hant') ? 'zh_TW' : 'zh_CN';
}

const wrongMessage = (message: string): SendOutcome => ({
  kind: 'permanent',
  code: 'CHANNEL_MESSAGE_REJECTED',
  message,
  about: 'recipient',
});
