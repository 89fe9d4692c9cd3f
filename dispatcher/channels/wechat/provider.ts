/** WECHAT: template messages of an official account, and subscribe messages of a mini-program. */
import { z } from 'zod';
import type { Provider, ProviderDefinition } from '../contract.ts';
import { healthOfToken, type MadeToken, withAccessToken } from '../network/access-token.ts';
import { malformedAddress, notForRecipient, outcomeOfRule } from '../network/vendor-errors.ts';
import { baseUrlSchema, createVendorHttp } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifySendAnswer, classifyTokenAnswer } from './classify-answer.ts';
import { type WeChatKind, wechatPart, wechatRequest } from './message-body.ts';
import { parseWeChatReceipts } from './parse-receipts.ts';

const NAME = 'WeChat';
const MINI = 'mini:';

const field = (name: string) =>
  z.string().regex(/^\w+$/, 'must be the name of a field, such as thing1').default(name);
const config = z
  .object({
    appId: z.string().min(1).optional().meta({ title: 'App id of the official account' }),
    appSecret: z
      .string()
      .min(1)
      .optional()
      .meta({ title: 'App secret of the official account', secret: true }),
    templateId: z
      .string()
      .min(1)
      .optional()
      .meta({ title: 'Template', description: 'Of the official account, for messages that name none' }),
    miniAppId: z.string().min(1).optional().meta({ title: 'App id of the mini-program' }),
    miniAppSecret: z
      .string()
      .min(1)
      .optional()
      .meta({ title: 'App secret of the mini-program', secret: true }),
    miniTemplateId: z
      .string()
      .min(1)
      .optional()
      .meta({ title: 'Subscribe template', description: 'Of the mini-program, for messages that name none' }),
    titleField: field('thing1').meta({ title: 'Field of the title' }),
    bodyField: field('thing2').meta({ title: 'Field of the text' }),
    callbackToken: z
      .string()
      .min(3)
      .optional()
      .meta({ title: 'Token of the server configuration', description: 'For receipts', secret: true }),
    baseUrl: baseUrlSchema('https://api.weixin.qq.com'),
  })
  .superRefine(({ appId, appSecret, miniAppId, miniAppSecret }, context) => {
    const missing = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (!appId && !miniAppId) missing('appId', 'is needed, or miniAppId');
    if (appId && !appSecret) missing('appSecret', 'is needed for appId');
    if (miniAppId && !miniAppSecret) missing('miniAppSecret', 'is needed for miniAppId');
  });

const PATHS: Readonly<Record<WeChatKind, string>> = {
  template: '/cgi-bin/message/template/send',
  subscribe: '/cgi-bin/message/subscribe/send',
};

export const wechat = {
  id: 'wechat',
  name: NAME,
  channels: ['WECHAT'],
  config,
  // Template messages have a key, for ten minutes; subscribe messages have none.
  capabilities: { idempotent: false, html: false, receipts: true },
  limits: {},
  create(settings, { now, shared }): Provider {
    const { templateId, miniTemplateId, titleField, bodyField, callbackToken, baseUrl } = settings;
    const http = createVendorHttp({ name: NAME, baseUrl, now });
    const apps = {
      template: { appid: settings.appId, secret: settings.appSecret, templateId, tokenName: 'token' },
      subscribe: {
        appid: settings.miniAppId,
        secret: settings.miniAppSecret,
        templateId: miniTemplateId,
        tokenName: 'mini-token',
      },
    };

    const post = (path: string, body: object, signal: AbortSignal) =>
      http.request({
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      });

    /** The same until it ends: one that another system asks for does not end Herald's. */
    async function makeToken(kind: WeChatKind, signal: AbortSignal): Promise<MadeToken> {
      const { appid, secret } = apps[kind];
      const asked = await post(
        '/cgi-bin/stable_token',
        { grant_type: 'client_credential', appid, secret },
        signal,
      );
      return 'failed' in asked ? asked : classifyTokenAnswer(asked.answer);
    }

    return {
      async send(message, { idempotencyKey, signal }) {
        const isMini = message.address.startsWith(MINI);
        const openid = isMini ? message.address.slice(MINI.length) : message.address;
        if (!/^[\w-]{1,128}$/.test(openid)) return malformedAddress('The address is no openid of WeChat.');
        const found = vendorPart(message, wechat.id, wechatPart);
        if ('wrong' in found) return found.wrong;
        const { part } = found;
        const kind = isMini ? 'subscribe' : (part?.kind ?? (apps.template.appid ? 'template' : 'subscribe'));
        const app = apps[kind];
        if (app.appid === undefined || (isMini && part?.kind === 'template'))
          return outcomeOfRule(
            NAME,
            kind,
            notForRecipient('is not configured for this kind of message', 'CHANNEL_MISCONFIGURED'),
          );
        const read = wechatRequest(
          message,
          { openid, kind, locale: message.locale, idempotencyKey },
          { templateId: app.templateId, titleField, bodyField },
          part,
        );
        if ('wrong' in read) return read.wrong;
        return withAccessToken(
          { shared, name: app.tokenName, now, signal },
          () => makeToken(kind, signal),
          async (token) => {
            const path = `${PATHS[kind]}?access_token=${encodeURIComponent(token)}`;
            const asked = await post(path, read.request, signal);
            return 'failed' in asked ? asked.failed : classifySendAnswer(asked.answer);
          },
        );
      },
      async health(signal) {
        for (const kind of ['template', 'subscribe'] as const) {
          if (apps[kind].appid === undefined) continue;
          const health = healthOfToken(await makeToken(kind, signal));
          if (!health.ok) return health;
        }
        return { ok: true };
      },
      ...(callbackToken !== undefined && {
        parseReceipts: async (raw) => parseWeChatReceipts(raw, callbackToken),
      }),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;
