/**
 * How many SMS a text is. Imports nothing.
 *
 * A text whose characters are all in the alphabet of 3GPP TS 23.038 (6.2.1, once GSM 03.38) is sent in septets: 160 fit
 * into one SMS, 153 into each part of a longer text. Any other is sent as UCS-2 (UTF-16): 70 units, or 67 a part
 * (TS 23.040, 9.2.3.24.1: six bytes of every part say which one it is).
 */

/** The basic table, in its order, without the escape at 0x1B. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** The extension table: two septets each, an escape and a character. */
const EXTENSION = new Set('\f^{}\\[~]|€');

const CAPACITY = {
  'GSM-7': { single: 160, part: 153 },
  'UCS-2': { single: 70, part: 67 },
} as const;

export interface SmsSize {
  readonly encoding: 'GSM-7' | 'UCS-2';
  /** Septets (GSM-7) or UTF-16 units (UCS-2). */
  readonly units: number;
  /** SMS that are sent, and paid. 0 for no text. */
  readonly segments: number;
  /** Units that fit into one of these segments. */
  readonly perSegment: number;
  /** Units that the last segment has room for. */
  readonly left: number;
  /** Which characters make it UCS-2, each once, in their order. */
  readonly outsideGsm7: readonly string[];
}

/** The size of a text as an SMS. */
export function smsSize(text: string): SmsSize {
  const characters = [...text];
  const outsideGsm7 = [...new Set(characters.filter((character) => septetsOf(character) === undefined))];
  const encoding = outsideGsm7.length === 0 ? 'GSM-7' : 'UCS-2';
  const widths = characters.map((character) =>
    encoding === 'GSM-7' ? (septetsOf(character) ?? 0) : character.length,
  );
  const units = widths.reduce((sum, width) => sum + width, 0);
  const { single, part } = CAPACITY[encoding];
  const perSegment = units > single ? part : single;
  const { segments, last } = pack(widths, perSegment);
  return {
    encoding,
    units,
    segments,
    perSegment,
    left: segments === 0 ? single : perSegment - last,
    outsideGsm7,
  };
}

const septetsOf = (character: string): 1 | 2 | undefined => {
  if (BASIC.has(character)) return 1;
  return EXTENSION.has(character) ? 2 : undefined;
};

/** Neither an escaped character nor a surrogate pair is torn: what does not fit whole goes into the next segment. */
function pack(widths: readonly number[], capacity: number): { segments: number; last: number } {
  let [segments, last] = [0, capacity];
  for (const width of widths) {
    if (last + width > capacity) {
      segments += 1;
      last = 0;
    }
    last += width;
  }
  return { segments, last };
}
