/** Phone calls in which a machine reads a message aloud: what providers of VOICE share. */
import type { OutgoingMessage } from '../contract.ts';

/** Most characters of title and body: some two minutes. */
export const MAX_SPOKEN_CHARS = 1_600;
/** How often a call reads the message, where the message does not say: the first time nobody listens yet. */
export const SPOKEN_TIMES = 2;
/** A phone rings for a minute. */
const RING_S = 60;
/** The longest text, read five times, takes about ten minutes: a call never goes on for ever. */
export const CALL_S = 900;

/** Herald's word for a message without a language of its own. */
const NO_LOCALE = 'default';
/** ISO 639-1 has one code for both Norwegians; vendors have Bokmål. */
const SPOKEN_AS: Readonly<Record<string, string>> = { no: 'nb', nn: 'nb' };

/** What is read: title and body. A link read aloud is noise. */
export const spokenTexts = ({ title, body }: Pick<OutgoingMessage, 'title' | 'body'>): string[] =>
  [title ?? '', body].filter((text) => text.trim() !== '');

/** How long the phone rings, in seconds: no longer than the message is of use. */
export function ringSeconds(expiresAt: Date | undefined, now: Date): number {
  if (expiresAt === undefined) return RING_S;
  const left = Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
  return Math.min(Math.max(left, 1), RING_S);
}

/**
 * The first of `tags` (BCP 47, language and region: `de-DE`) that suits the locale: its region's own where there is
 * one, else another of the language. Undefined where nobody speaks it, and for a message without a language.
 */
export function spokenLanguage<T extends string>(locale: string, tags: readonly T[]): T | undefined {
  if (locale === NO_LOCALE) return undefined;
  const wanted = likely(locale);
  if (!wanted?.language) return undefined;
  const language = SPOKEN_AS[wanted.language] ?? wanted.language;
  return (
    tags.find((tag) => tag === `${language}-${wanted.region}`) ??
    tags.find((tag) => tag.startsWith(`${language}-`))
  );
}

/** With the region that most speakers of the language live in (UTS 35, likely subtags), where it has none. */
function likely(locale: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(locale).maximize();
  } catch {
    // No locale: as if there were none.
    return undefined;
  }
}

/**
 * The text in pieces of at most `maxBytes` of UTF-8 each, cut between sentences where that can be, else between words,
 * else anywhere. Nothing is lost: joined, they are the text.
 */
export function piecesOf(
  text: string,
  maxBytes: number,
  [granularity, ...finer]: readonly ('sentence' | 'word' | 'grapheme')[] = ['sentence', 'word', 'grapheme'],
): string[] {
  if (Buffer.byteLength(text) <= maxBytes || granularity === undefined) return text === '' ? [] : [text];
  const pieces: string[] = [];
  for (const { segment } of new Intl.Segmenter(undefined, { granularity }).segment(text)) {
    const last = pieces.at(-1);
    if (last !== undefined && Buffer.byteLength(last + segment) <= maxBytes)
      pieces[pieces.length - 1] = last + segment;
    else pieces.push(...piecesOf(segment, maxBytes, finer));
  }
  return pieces;
}
