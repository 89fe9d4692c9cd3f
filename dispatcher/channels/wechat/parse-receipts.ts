/** Events that WeChat tells of: what became of template messages, and who unfollowed. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';

/** What WeChat wants to hear of an event; it would repeat it otherwise. */
const SUCCESS = { status: 200, contentType: 'text/plain', body: 'success' } as const;

/**
 * Verifies and reads one call. The signature is over the token that both sides know and not over the body
 * (https://developers.weixin.qq.com/doc/service/guide/dev/push/): keep the account's receipt address to yourself.
 * Of events, those of template messages (…/guide/product/template_message/) and of unfollowing are receipts.
 */
export function parseWeChatReceipts({ method, url, body }: RawReceipt, token: string): ParsedReceipts {
  const { timestamp = '', nonce = '', signature = '', echostr } = Object.fromEntries(url.searchParams);
  const expected = createHash('sha1').update([token, timestamp, nonce].sort().join('')).digest();
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return { kind: 'unauthorized', message: 'The signature is not one of the callback token.' };
  if (method === 'GET')
    return {
      kind: 'receipts',
      receipts: [],
      answer: { status: 200, contentType: 'text/plain', body: echostr ?? '' },
    };
  const text = body.toString('utf8');
  if (tagOf(text, 'Encrypt') !== undefined)
    return { kind: 'malformed', message: 'Encrypted events are not read: choose the plain mode.' };
  const event = tagOf(text, 'Event');
  const openid = tagOf(text, 'FromUserName');
  const created = tagOf(text, 'CreateTime');
  if (tagOf(text, 'MsgType') === undefined || openid === undefined || created === undefined)
    return { kind: 'malformed', message: 'The body is no event of WeChat.' };
  const receipt = receiptOf(event, openid, created, text);
  return { kind: 'receipts', receipts: receipt ? [receipt] : [], answer: SUCCESS };
}

function receiptOf(
  event: string | undefined,
  address: string,
  created: string,
  text: string,
): Receipt | undefined {
  const at = new Date(Number(created) * 1_000);
  const known = { address, ...(!Number.isNaN(at.getTime()) && { at }) };
  if (event === 'unsubscribe')
    return {
      ...known,
      key: `unsubscribe:${address}:${created}`,
      kind: 'unsubscribed',
      message: 'The person unfollowed the account.',
    };
  const providerMessageId = tagOf(text, 'MsgID');
  if (event !== 'TEMPLATESENDJOBFINISH' || providerMessageId === undefined) return undefined;
  const status = tagOf(text, 'Status') ?? '';
  const shared = { ...known, key: `template:${providerMessageId}:${status}`, providerMessageId };
  if (status === 'success') return { ...shared, kind: 'delivered' };
  return {
    ...shared,
    kind: 'failed',
    message: /user\s*block/i.test(status)
      ? 'The person does not let the account write.'
      : 'WeChat could not deliver the message.',
  };
}

/** The text of an element, with or without CDATA. */
const tagOf = (xml: string, name: string): string | undefined =>
  xml
    .match(new RegExp(`<${name}>(?:<!\\[CDATA\\[([^\\]]*)\\]\\]>|([^<]*))</${name}>`))
    ?.slice(1)
    .find(Boolean);
