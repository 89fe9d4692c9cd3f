/** Leaves out the end of a message that is larger than its channel takes. */
import type { Channel } from '../graphql/contract-enums.ts';
import { CHANNEL_LIMITS, type ChannelLimit } from './channel-limits.ts';
import { contentSize, type MessageContent } from './content-size.ts';

/**
 * Where a cut message ends: what each provider of the channel takes, with what the provider puts around the words. An
 * SMS is the exception: Vonage takes 1,000 characters and Aliyun 500, which `maxSegments` can say.
 */
export const CUT_LIMITS: Readonly<Partial<Record<Channel, ChannelLimit>>> = {
  ...CHANNEL_LIMITS,
  // Work notifications; group robots take 20,000.
  DINGTALK: { most: 2_048, unit: 'BYTES' },
  // All but the Markdown of group robots.
  WECOM: { most: 2_048, unit: 'BYTES' },
  // Of the 4,096 bytes of a push, names, keys and quotation marks take some.
  MOBILE_PUSH: { most: 3_072, unit: 'BYTES' },
};

/**
 * The content as it is where it fits; else with the longest beginning of its body that does, and dots. Whole characters
 * as people see them: neither an emoji nor a letter loses its other half. Title, html and url stay; what these alone
 * make too large stays too large, with dots for a body.
 * @param maxSegments of an SMS, at least 1.
 */
export function truncateContent<C extends MessageContent>(content: C, maxSegments?: number): C {
  const { body, url } = content;
  const cutAt = (end: number): C => ({ ...content, body: withDots(content, body.slice(0, end)) });
  const fits = (candidate: MessageContent) => isWithin(candidate, maxSegments);
  if (fits(content)) return content;
  const ends = graphemeStarts(body.slice(0, MOST_UNITS));
  // A url that the body has is counted once: what ends behind it may be smaller than what ends before.
  const urlAt = url ? body.indexOf(url) : -1;
  const behindUrl = urlAt < 0 ? ends.length : ends.findIndex((end) => end >= urlAt + (url ?? '').length);
  for (const range of behindUrl < 0 ? [ends] : [ends.slice(behindUrl), ends.slice(0, behindUrl)]) {
    const found = lastThat(range, (end) => fits(cutAt(end)));
    if (found !== undefined) return cutAt(found);
  }
  return cutAt(0);
}

/** No channel takes more UTF-16 units than these; what is behind them need not be looked at. */
const MOST_UNITS = 2 * Math.max(...Object.values(CUT_LIMITS).map(({ most }) => most)) + 1;

function isWithin(content: MessageContent, maxSegments: number | undefined): boolean {
  const { characters, bytes, sms } = contentSize(content);
  const limit = CUT_LIMITS[content.channel];
  if (limit && (limit.unit === 'BYTES' ? bytes : characters) > limit.most) return false;
  return maxSegments === undefined || !sms || sms.segments <= maxSegments;
}

const graphemeStarts = (text: string): number[] =>
  [...new Intl.Segmenter().segment(text)].map(({ index }) => index);

/** Where all that hold come before all that do not. */
function lastThat(values: readonly number[], holds: (value: number) => boolean): number | undefined {
  let [most, tooMany] = [-1, values.length];
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (holds(values[middle] ?? 0)) most = middle;
    else tooMany = middle;
  }
  return values[most];
}

/** The one character of three dots would make an SMS in septets one in UCS-2. */
function withDots(content: MessageContent, beginning: string): string {
  const kept = beginning.trimEnd();
  if (content.channel !== 'SMS') return `${kept}…`;
  return contentSize({ ...content, body: kept }).sms?.encoding === 'GSM-7' ? `${kept}...` : `${kept}…`;
}
