/** How large a message in words is, and whether its channel takes it. */
import type { Channel } from '../graphql/contract-enums.ts';
import { CHANNEL_LIMITS, type ChannelLimit } from './channel-limits.ts';
import { type SmsSize, smsSize } from './sms-size.ts';

export interface MessageContent {
  readonly channel: Channel;
  readonly title?: string;
  readonly body: string;
  readonly html?: string;
  readonly url?: string;
}

export interface ContentSize {
  /** Code points of title, body and url, and of html where there is one. */
  readonly characters: number;
  /** The same in UTF-8. */
  readonly bytes: number;
  readonly sms?: SmsSize;
  readonly limit?: ChannelLimit;
  readonly fits: boolean;
}

/**
 * What of a message counts: title, body and url on lines of their own, the url where the body does not have it, and
 * not in a call, which does not read it.
 */
function textOf({ channel, title, body, html, url }: MessageContent): string {
  const link = url !== undefined && channel !== 'VOICE' && !body.includes(url) ? url : undefined;
  return [title, body, link, html].filter((part) => part !== undefined && part.trim() !== '').join('\n');
}

export function contentSize(content: MessageContent): ContentSize {
  const text = textOf(content);
  const characters = [...text].length;
  const bytes = Buffer.byteLength(text);
  const limit = CHANNEL_LIMITS[content.channel];
  return {
    characters,
    bytes,
    ...(content.channel === 'SMS' && { sms: smsSize(text) }),
    ...(limit && { limit }),
    fits: !limit || (limit.unit === 'BYTES' ? bytes : characters) <= limit.most,
  };
}
