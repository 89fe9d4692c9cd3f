/** What a browser's service worker receives. */
import type { OutgoingMessage } from '../contract.ts';

/**
 * Most bytes of plaintext: every push service takes a body of 4,096 bytes (RFC 8030, 7.2), of which encryption
 * takes 86 for the header, 16 for the tag and 1 for padding (RFC 8291, 4).
 */
export const PAYLOAD_MAX_BYTES = 4096 - 86 - 16 - 1;

/** To fewer bytes than this the body is not cut: `data` and the picture go first. */
const BODY_MIN_BYTES = 240;
/** To this many characters the title is cut when nothing else helps. */
const TITLE_MIN_CHARS = 80;

export interface PushPayload {
  readonly title?: string;
  readonly body: string;
  readonly url?: string;
  readonly imageUrl?: string;
  readonly data?: unknown;
  /** Ids, so that the service worker can replace a doubled notification and report that it was opened. */
  readonly notification: string;
  readonly delivery: string;
  /** Where and with what the service worker may report of it: `/receipts/<account>`, and the token. */
  readonly report?: PushReport;
}

export interface PushReport {
  readonly account: string;
  readonly token: string;
}

/**
 * The JSON of a push message, never longer than `PAYLOAD_MAX_BYTES` in UTF-8.
 *
 * What is too long is shortened in this order, each only when needed: the body is cut (between two characters as
 * people see them, and ends with …), to not fewer than 240 bytes; `data` is left out; `imageUrl` is left out;
 * the title is cut to 80 characters; the body is cut further. `url`, `notification`, `delivery` and `report` always stay whole.
 *
 * @returns undefined when even that is too long.
 */
export function pushPayload(message: OutgoingMessage, report?: PushReport): string | undefined {
  const { title, body, url, imageUrl, data, notification, delivery } = message;
  const whole: PushPayload = {
    ...(title !== undefined && { title }),
    body,
    ...(url !== undefined && { url }),
    ...(imageUrl !== undefined && { imageUrl }),
    ...(data !== undefined && { data }),
    notification,
    delivery,
    ...(report && { report }),
  };
  const { data: _data, ...withoutData } = whole;
  const { imageUrl: _imageUrl, ...withoutImage } = withoutData;
  const shortTitle =
    title === undefined
      ? withoutImage
      : { ...withoutImage, title: cut(splitGraphemes(title), TITLE_MIN_CHARS) };
  for (const payload of [whole, withoutData, withoutImage]) {
    const json = withBodyThatFits(payload, BODY_MIN_BYTES);
    if (json !== undefined) return json;
  }
  return withBodyThatFits(shortTitle, 0);
}

const fits = (json: string): boolean => Buffer.byteLength(json) <= PAYLOAD_MAX_BYTES;

/** The payload with as much of its body as fits; undefined when that is less than `minBytes` of it. */
function withBodyThatFits(payload: PushPayload, minBytes: number): string | undefined {
  const json = JSON.stringify(payload);
  if (fits(json)) return json;
  // Cheaper than splitting 64 KiB: no more characters than this can fit anyway.
  const characters = splitGraphemes(payload.body.slice(0, PAYLOAD_MAX_BYTES));
  const jsonOf = (count: number) => JSON.stringify({ ...payload, body: cut(characters, count) });
  let [low, high] = [0, characters.length - 1];
  if (high < 0 || !fits(jsonOf(0))) return undefined;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(jsonOf(middle))) low = middle;
    else high = middle - 1;
  }
  return Buffer.byteLength(cut(characters, low)) < minBytes ? undefined : jsonOf(low);
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const splitGraphemes = (text: string): readonly string[] =>
  Array.from(segmenter.segment(text), (s) => s.segment);

const cut = (characters: readonly string[], count: number): string =>
  characters.length <= count ? characters.join('') : `${characters.slice(0, count).join('').trimEnd()}…`;
