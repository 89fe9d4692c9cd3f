/**
 * A message as Vonage's Voice API takes it: a call that reads it aloud (https://developer.vonage.com/en/api/voice#createCall),
 * by `talk` actions (https://developer.vonage.com/en/voice/voice-api/ncco-reference#talk).
 */
import type { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';
import {
  CALL_S,
  MAX_SPOKEN_CHARS,
  piecesOf,
  ringSeconds,
  SPOKEN_TIMES,
  spokenLanguage,
  spokenTexts,
} from '../network/phone-call.ts';
import { VONAGE_LANGUAGES } from './languages.ts';
import type { vonagePart } from './sms-request.ts';

/** `talk` takes 1,500 characters, of which each has a byte at least. */
const MAX_TALK_BYTES = 1_500;

export interface CallSettings {
  readonly voiceFrom?: string | undefined;
  /** For messages without a language, and those in a language that has no voice. */
  readonly voiceLanguage: string;
  readonly receiptsUrl?: string | undefined;
}

interface Phone {
  readonly type: 'phone';
  readonly number: string;
}
export interface CallRequest {
  readonly to: readonly [Phone];
  readonly from: Phone;
  readonly ncco: readonly {
    readonly action: 'talk';
    readonly text: string;
    readonly language: string;
    readonly style?: number;
  }[];
  readonly event_url?: readonly [string];
  readonly event_method?: 'POST';
  readonly ringing_timer: number;
  readonly length_timer: number;
}

/**
 * The body to be posted, or why there is none.
 * @param part of the message for Vonage alone.
 */
export function callRequest(
  message: OutgoingMessage,
  { voiceFrom, voiceLanguage, receiptsUrl }: CallSettings,
  part: z.output<typeof vonagePart> = {},
  now: Date,
): { readonly request: CallRequest } | { readonly wrong: SendOutcome } {
  if (voiceFrom === undefined)
    return wrong('CHANNEL_MISCONFIGURED', 'The Vonage account has no number to call from: set voiceFrom.');
  const texts = spokenTexts(message);
  if (texts.length === 0) return wrong('CHANNEL_MESSAGE_REJECTED', 'The message has no text.');
  const chars = texts.join('\n').length;
  if (chars > MAX_SPOKEN_CHARS)
    return wrong(
      'CHANNEL_MESSAGE_TOO_LARGE',
      `A call reads ${MAX_SPOKEN_CHARS} characters; the message has ${chars}.`,
    );
  const known = (locale: string): string | undefined =>
    VONAGE_LANGUAGES[spokenLanguage(locale, Object.keys(VONAGE_LANGUAGES)) ?? ''];
  const language = part.language ?? known(message.locale) ?? known(voiceLanguage) ?? voiceLanguage;
  const once = texts
    .flatMap((text) => piecesOf(text, MAX_TALK_BYTES))
    .map((text) => ({
      action: 'talk' as const,
      text: withoutSsml(text),
      language,
      ...(part.style !== undefined && { style: part.style }),
    }));
  return {
    request: {
      to: [phone(message.address)],
      from: phone(voiceFrom),
      ncco: Array(part.repeat ?? SPOKEN_TIMES)
        .fill(once)
        .flat(),
      ...(receiptsUrl !== undefined && { event_url: [receiptsUrl], event_method: 'POST' as const }),
      ringing_timer: ringSeconds(message.expiresAt, now),
      length_timer: CALL_S,
    },
  };
}

/** Numbers go without the plus. */
const phone = (number: string): Phone => ({ type: 'phone', number: number.replace(/^\+/, '') });

/** A text inside of `<speak>` would be taken for markup. */
const withoutSsml = (text: string): string => text.replace(/<(?=\s*\/?\s*speak)/gi, ' ');

const wrong = (
  code: 'CHANNEL_MISCONFIGURED' | 'CHANNEL_MESSAGE_REJECTED' | 'CHANNEL_MESSAGE_TOO_LARGE',
  message: string,
): { readonly wrong: SendOutcome } => ({ wrong: { kind: 'permanent', code, message } });
