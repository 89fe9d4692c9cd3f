import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseWeChatReceipts } from './parse-receipts.ts';

const TOKEN = 'hunter2';
const sign = (token: string, timestamp: string, nonce: string) =>
  createHash('sha1').update([token, timestamp, nonce].sort().join('')).digest('hex');

function raw(body: string, { token = TOKEN, method = 'POST', query = {} } = {}) {
  const url = new URL('https://herald.example/receipts/wechat');
  const [timestamp, nonce] = ['1395658920', '1486925'];
  const all = { timestamp, nonce, signature: sign(token, timestamp, nonce), ...query };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return { method, url, headers: {}, body: Buffer.from(body) };
}

/** As documented: https://developers.weixin.qq.com/doc/service/guide/product/template_message/ */
const event = (name: string, more = '') => `<xml>
  <ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>
  <FromUserName><![CDATA[oia2TjuEGTNoeX76QEjQNrcURxG8]]></FromUserName>
  <CreateTime>1395658920</CreateTime>
  <MsgType><![CDATA[event]]></MsgType>
  <Event><![CDATA[${name}]]></Event>
  ${more}
</xml>`;
const finished = (status: string) =>
  event('TEMPLATESENDJOBFINISH', `<MsgID>2812436214593732608</MsgID><Status><![CDATA[${status}]]></Status>`);

describe('parseWeChatReceipts', () => {
  it.each([
    ['success', 'delivered'],
    ['failed:user block', 'failed'],
    ['failed: system failed', 'failed'],
  ])('reads a template message’s end: %s', (status, kind) => {
    expect(parseWeChatReceipts(raw(finished(status)), TOKEN)).toMatchObject({
      kind: 'receipts',
      receipts: [
        {
          kind,
          key: `template:2812436214593732608:${status}`,
          providerMessageId: '2812436214593732608',
          address: 'oia2TjuEGTNoeX76QEjQNrcURxG8',
          at: new Date('2014-03-24T11:02:00Z'),
        },
      ],
      answer: { status: 200, body: 'success' },
    });
  });

  /** As in https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html */
  const sent = (code: string, json: boolean) =>
    json
      ? JSON.stringify({
          ToUserName: 'gh_123456789abc',
          FromUserName: 'oia2TjuEGTNoeX76QEjQNrcURxG8',
          CreateTime: '1395658920',
          MsgType: 'event',
          Event: 'subscribe_msg_sent_event',
          List: { TemplateId: 'BEwX0BO', MsgID: '1864323726461255680', ErrorCode: code, ErrorStatus: 'x' },
        })
      : event(
          'subscribe_msg_sent_event',
          `<SubscribeMsgSentEvent><List><TemplateId><![CDATA[VRR0UEO9]]></TemplateId><MsgID>1864323726461255680</MsgID>
           <ErrorCode>${code}</ErrorCode><ErrorStatus><![CDATA[x]]></ErrorStatus></List></SubscribeMsgSentEvent>`,
        );
  it.each([
    ['0', 'delivered', true],
    ['0', 'delivered', false],
    ['1', 'failed', true],
    ['1', 'failed', false],
  ])('reads a subscribe message’s end: %s → %s (JSON: %s)', (code, kind, json) => {
    expect(parseWeChatReceipts(raw(sent(code, json)), TOKEN)).toMatchObject({
      receipts: [
        {
          kind,
          key: `subscribe:1864323726461255680:${code}`,
          providerMessageId: '1864323726461255680',
          address: 'oia2TjuEGTNoeX76QEjQNrcURxG8',
          at: new Date('2014-03-24T11:02:00Z'),
        },
      ],
      answer: { status: 200, body: 'success' },
    });
  });

  it('reads who takes no more messages of a template', () => {
    const changed = (status: string) =>
      event(
        'subscribe_msg_change_event',
        `<SubscribeMsgChangeEvent><List><TemplateId><![CDATA[T]]></TemplateId>
         <SubscribeStatusString><![CDATA[${status}]]></SubscribeStatusString></List></SubscribeMsgChangeEvent>`,
      );
    expect(parseWeChatReceipts(raw(changed('reject')), TOKEN)).toMatchObject({
      receipts: [{ kind: 'unsubscribed', address: 'oia2TjuEGTNoeX76QEjQNrcURxG8' }],
    });
    expect(parseWeChatReceipts(raw(changed('accept')), TOKEN)).toMatchObject({ receipts: [] });
  });

  it('reads who unfollowed, and passes over other events', () => {
    expect(parseWeChatReceipts(raw(event('unsubscribe')), TOKEN)).toMatchObject({
      receipts: [{ kind: 'unsubscribed', address: 'oia2TjuEGTNoeX76QEjQNrcURxG8' }],
    });
    expect(parseWeChatReceipts(raw(event('CLICK')), TOKEN)).toMatchObject({ receipts: [] });
  });

  it('answers the question whether it is the right address', () => {
    const asked = raw('', { method: 'GET', query: { echostr: '5927782489442352469' } });
    expect(parseWeChatReceipts(asked, TOKEN)).toEqual({
      kind: 'receipts',
      receipts: [],
      answer: { status: 200, contentType: 'text/plain', body: '5927782489442352469' },
    });
  });

  it.each([
    ['another token’s signature', raw(finished('success'), { token: 'other' })],
    ['no signature', raw(finished('success'), { query: { signature: '' } })],
    ['a signature of another nonce', raw(finished('success'), { query: { nonce: '1' } })],
    ['a signature that is none', raw('', { method: 'GET', query: { signature: 'zz'.repeat(20) } })],
  ])('believes nothing with %s', (_what, wrong) => {
    expect(parseWeChatReceipts(wrong, TOKEN)).toMatchObject({ kind: 'unauthorized' });
  });

  it.each([
    '',
    'x',
    '{}',
    '{"Encrypt":"abc"}',
    '<xml><Encrypt><![CDATA[abc]]></Encrypt></xml>',
    '<xml><MsgType>',
  ])('finds %j malformed', (body) => {
    expect(parseWeChatReceipts(raw(body), TOKEN)).toMatchObject({ kind: 'malformed' });
  });
});
