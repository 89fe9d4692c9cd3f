import { describe, expect, it } from 'vitest';
import { type WeChatKind, type WeChatPart, wechatRequest } from './message-body.ts';

const defaults = { templateId: 'T1', titleField: 'thing1', bodyField: 'thing2' };
const request = (
  kind: WeChatKind,
  message: { title?: string; body: string; url?: string },
  part?: WeChatPart,
  locale = 'zh-CN',
) => wechatRequest(message, { openid: 'o1', kind, locale, idempotencyKey: 'k' }, defaults, part);

describe('wechatRequest', () => {
  it('puts title, body and link into the account’s template', () => {
    expect(request('template', { title: 'Paid', body: 'Order 7', url: 'https://a.example/' })).toEqual({
      request: {
        touser: 'o1',
        template_id: 'T1',
        url: 'https://a.example/',
        data: { thing1: { value: 'Paid' }, thing2: { value: 'Order 7' } },
        client_msg_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
  });

  it('takes fields and what they open from the caller', () => {
    const fields = { amount1: '¥7.00', thing2: { value: 'Tea', color: '#173177' } };
    expect(
      request(
        'template',
        { title: 'x', body: 'y' },
        {
          templateId: 'T2',
          fields,
          miniProgram: { appId: 'wx2', pagePath: 'pages/order?id=7' },
        },
      ),
    ).toMatchObject({
      request: {
        template_id: 'T2',
        data: { amount1: { value: '¥7.00' }, thing2: { value: 'Tea', color: '#173177' } },
        miniprogram: { appid: 'wx2', pagepath: 'pages/order?id=7' },
      },
    });
  });

  it('makes subscribe messages', () => {
    const part = { page: 'pages/order', state: 'trial' } as const;
    expect(request('subscribe', { body: 'Order 7', url: 'https://a.example/' }, part)).toEqual({
      request: {
        touser: 'o1',
        template_id: 'T1',
        page: 'pages/order',
        data: { thing2: { value: 'Order 7' } },
        miniprogram_state: 'trial',
        lang: 'zh_CN',
      },
    });
  });

  it.each([
    ['zh', 'zh_CN'],
    ['zh-Hant', 'zh_TW'],
    ['zh-TW', 'zh_TW'],
    ['zh_HK', 'zh_HK'],
    ['de', 'en_US'],
  ])('speaks %s as %s', (locale, lang) => {
    expect(request('subscribe', { body: 'x' }, {}, locale)).toMatchObject({ request: { lang } });
  });

  it.each([
    ['a thing of 21 characters', { thing1: '好'.repeat(21) }, 'CHANNEL_MESSAGE_TOO_LARGE'],
    ['a phrase of 6', { phrase3: '123456' }, 'CHANNEL_MESSAGE_TOO_LARGE'],
    ['no field', {}, 'CHANNEL_MESSAGE_REJECTED'],
  ])('refuses %s', (_what, fields, code) => {
    expect(request('template', { body: 'x' }, { fields })).toMatchObject({ wrong: { code } });
  });

  it('counts characters, not units', () => {
    expect(request('template', { body: '🎉'.repeat(20) })).toHaveProperty('request');
  });

  it('needs a template', () => {
    const to = { openid: 'o1', kind: 'template', locale: 'zh', idempotencyKey: 'k' } as const;
    expect(wechatRequest({ body: 'x' }, to, { ...defaults, templateId: undefined })).toMatchObject({
      wrong: { code: 'CHANNEL_MESSAGE_REJECTED', about: 'recipient' },
    });
  });
});
