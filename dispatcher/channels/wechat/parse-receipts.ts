/** Events that WeChat tells of: what became of template and subscribe messages, and who wants no more. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { jsonOf } from '../network/vendor-http.ts';

/** What WeChat wants to hear of an event; it would repeat it otherwise. */
const SUCCESS = { status: 200, contentType: 'text/plain', body: 'success' } as const;

/**
 * Verifies and reads one call. The signature is over the token that both sides know and not over the body
 * (https://developers.weixin.qq.com/doc/service/guide/dev/push/): keep the account's receipt address to yourself.
 * Of events, those of template messages (…/guide/product/template_message/), of subscribe messages
 * (https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html) and of unfollowing are
 * receipts.
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
  const told = text.trimStart().startsWith('{') ? readJson(text) : readXml(text);
  if (told === 'encrypted')
    return { kind: 'malformed', message: 'Encrypted events are not read: choose the plain mode.' };
  if (!told) return { kind: 'malformed', message: 'The body is no event of WeChat.' };
  return { kind: 'receipts', receipts: receiptsOf(told), answer: SUCCESS };
}

/** An event, from either of the forms that a mini-program chooses between; an official account's is XML. */
interface Told {
  readonly event: string | undefined;
  readonly openid: string;
  readonly created: string;
  /** Of a template message. */
  readonly messageId?: string | undefined;
  readonly status?: string | undefined;
  /** Of subscribe messages. */
  readonly list: readonly z.output<typeof listed>[];
}

const textual = z.union([z.string(), z.number()]).transform(String);
const listed = z.object({
  TemplateId: textual.optional(),
  MsgID: textual.optional(),
  ErrorCode: textual.optional(),
  SubscribeStatusString: textual.optional(),
});
const jsonEvent = z.object({
  FromUserName: z.string(),
  CreateTime: textual,
  MsgType: z.string(),
  Event: z.string().optional(),
  // "A list of one is that one."
  List: z.union([z.array(listed), listed.transform((one) => [one])]).default([]),
});

function readJson(body: string): Told | 'encrypted' | undefined {
  const read = jsonOf(body, jsonEvent);
  if (read)
    return { event: read.Event, openid: read.FromUserName, created: read.CreateTime, list: read.List };
  return jsonOf(body, z.object({ Encrypt: z.string() })) && 'encrypted';
}

function readXml(body: string): Told | 'encrypted' | undefined {
  if (tagOf(body, 'Encrypt') !== undefined) return 'encrypted';
  const openid = tagOf(body, 'FromUserName');
  const created = tagOf(body, 'CreateTime');
  if (tagOf(body, 'MsgType') === undefined || openid === undefined || created === undefined) return undefined;
  return {
    event: tagOf(body, 'Event'),
    openid,
    created,
    messageId: tagOf(body, 'MsgID'),
    status: tagOf(body, 'Status'),
    list: body
      .split('<List>')
      .slice(1)
      .map((one) => ({
        TemplateId: tagOf(one, 'TemplateId'),
        MsgID: tagOf(one, 'MsgID'),
        ErrorCode: tagOf(one, 'ErrorCode'),
        SubscribeStatusString: tagOf(one, 'SubscribeStatusString'),
      })),
  };
}

function receiptsOf({ event, openid: address, created, messageId, status = '', list }: Told): Receipt[] {
  const at = new Date(Number(created) * 1_000);
  const known = { address, ...(!Number.isNaN(at.getTime()) && { at }) };
  switch (event) {
    // These name no message: they are counted, and the next message is refused (43004, 43101).
    case 'unsubscribe':
      return [
        {
          ...known,
          key: `unsubscribe:${address}:${created}`,
          kind: 'unsubscribed',
          message: 'The person unfollowed the account.',
        },
      ];
    case 'subscribe_msg_change_event':
      return list
        .filter(({ SubscribeStatusString }) => SubscribeStatusString === 'reject')
        .map(({ TemplateId = '' }) => ({
          ...known,
          key: `reject:${address}:${TemplateId}:${created}`,
          kind: 'unsubscribed',
          message: 'The person takes no more messages of this template.',
        }));
    case 'subscribe_msg_sent_event':
      return list.flatMap(({ MsgID, ErrorCode = '' }): readonly Receipt[] => {
        if (MsgID === undefined) return [];
        const shared = { ...known, key: `subscribe:${MsgID}:${ErrorCode}`, providerMessageId: MsgID };
        // "Failures are only those of the system."
        return ErrorCode === '0'
          ? [{ ...shared, kind: 'delivered' }]
          : [{ ...shared, kind: 'failed', message: 'WeChat could not deliver the message.' }];
      });
    case 'TEMPLATESENDJOBFINISH': {
      if (messageId === undefined) return [];
      const shared = { ...known, key: `template:${messageId}:${status}`, providerMessageId: messageId };
      if (status === 'success') return [{ ...shared, kind: 'delivered' }];
      return [
        {
          ...shared,
          kind: 'failed',
          message: /user\s*block/i.test(status)
            ? 'The person does not let the account write.'
            : 'WeChat could not deliver the message.',
        },
      ];
    }
    default:
      return [];
  }
}

/** The text of an element, with or without CDATA. */
const tagOf = (xml: string, name: string): string | undefined =>
  xml
    .match(new RegExp(`<${name}>(?:<!\\[CDATA\\[([^\\]]*)\\]\\]>|([^<]*))</${name}>`))
    ?.slice(1)
    .find(Boolean);
