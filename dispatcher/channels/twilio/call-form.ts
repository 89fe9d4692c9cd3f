/**
 * A message as Twilio's Calls resource takes it: a call that reads it aloud
 * (https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource).
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
import type { twilioPart } from './message-form.ts';
import { withDelivery } from './receipts-url.ts';
import { TWILIO_VOICES, type TwilioVoice } from './voices.ts';

/** Longest `Twiml` (https://www.twilio.com/docs/api/errors/32018). */
const MAX_TWIML_CHARS = 4_000;
/**
 * Most of one `<Say>`: 4,500 characters when they are written as in a URL, three for each byte at worst; voices take
 * 3,000 bytes and more (https://www.twilio.com/docs/api/errors/13521).
 */
const MAX_SAY_BYTES = 1_500;
export interface CallSettings {
  readonly voiceFrom?: string | undefined;
  /** For messages without a language, and those in a language that has no voice. */
  readonly voiceLanguage: string;
  readonly receiptsUrl?: string | undefined;
}

/**
 * The form to be posted, or why there is none.
 * @param part of the message for Twilio alone.
 */
export function callForm(
  message: OutgoingMessage,
  settings: CallSettings,
  part: z.output<typeof twilioPart> = {},
  now: Date,
): { readonly form: URLSearchParams } | { readonly wrong: SendOutcome } {
  if (settings.voiceFrom === undefined)
    return wrong('CHANNEL_MISCONFIGURED', 'The Twilio account has no number to call from: set voiceFrom.');
  const texts = spokenTexts(message);
  if (texts.length === 0) return wrong('CHANNEL_MESSAGE_REJECTED', 'The message has no text.');
  const chars = texts.join('\n').length;
  if (chars > MAX_SPOKEN_CHARS)
    return wrong(
      'CHANNEL_MESSAGE_TOO_LARGE',
      `A call reads ${MAX_SPOKEN_CHARS} characters; the message has ${chars}.`,
    );
  const twiml = twimlOf(
    texts,
    voiceOf(message.locale, settings.voiceLanguage, part),
    part.repeat ?? SPOKEN_TIMES,
  );
  if (twiml === undefined)
    return wrong(
      'CHANNEL_MESSAGE_TOO_LARGE',
      `Twilio takes ${MAX_TWIML_CHARS} characters of TwiML; the message needs more.`,
    );
  const form = new URLSearchParams({
    To: message.address,
    From: settings.voiceFrom,
    Twiml: twiml,
    Timeout: String(ringSeconds(message.expiresAt, now)),
    TimeLimit: String(CALL_S),
  });
  // Of its events only the last, `completed`, is sent where none is named: the call has ended, however it did.
  if (settings.receiptsUrl !== undefined)
    form.set('StatusCallback', withDelivery(settings.receiptsUrl, message.delivery));
  return { form };
}

/** What is read to the one who answers. Undefined where it is too long, even read once. */
export function twimlOf(texts: readonly string[], voice: TwilioVoice, repeat: number): string | undefined {
  const attributes = Object.entries({ voice: voice.voice, language: voice.language })
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escapeXml(value)}"`))
    .join('');
  const once = texts
    .flatMap((text) => piecesOf(text, MAX_SAY_BYTES))
    .map((text) => `<Say${attributes}>${escapeXml(text)}</Say>`)
    .join('');
  // A long text is read as often as it fits.
  for (let times = repeat; times > 0; times--) {
    const twiml = `<Response>${Array(times).fill(once).join('<Pause length="1"/>')}</Response>`;
    if (twiml.length <= MAX_TWIML_CHARS) return twiml;
  }
  return undefined;
}

/** A voice that was asked for; else that of the language that was asked for, or the message's, or the account's. */
function voiceOf(locale: string, ofAccount: string, part: z.output<typeof twilioPart>): TwilioVoice {
  if (part.voice !== undefined)
    return { voice: part.voice, ...(part.language && { language: part.language }) };
  const known = (wanted: string): TwilioVoice | undefined =>
    TWILIO_VOICES[spokenLanguage(wanted, Object.keys(TWILIO_VOICES)) ?? ''];
  if (part.language !== undefined) return known(part.language) ?? { language: part.language };
  return known(locale) ?? known(ofAccount) ?? { language: ofAccount };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** Also without the characters that XML cannot have (https://www.w3.org/TR/xml/#charsets). */
const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, ' ')
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');

const wrong = (
  code: 'CHANNEL_MISCONFIGURED' | 'CHANNEL_MESSAGE_REJECTED' | 'CHANNEL_MESSAGE_TOO_LARGE',
  message: string,
): { readonly wrong: SendOutcome } => ({ wrong: { kind: 'permanent', code, message } });
