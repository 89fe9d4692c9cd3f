/** Texts as SMS: GSM-7 where it can say them, else UCS-2; cut where one message cannot hold them. */

/** GSM 03.38 (3GPP TS 23.038, 6.2.1): a character's place is its code. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Behind an escape (6.2.1.1): two septets. */
const EXTENDED: Readonly<Record<string, number>> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
};
const ESCAPE = 0x1b;
const BASIC_CODES = new Map([...BASIC].map((char, code) => [char, code]));
BASIC_CODES.delete('\u001b');

/** `data_coding` of SMPP 3.4, 5.2.19. */
export const GSM_7 = 0x00;
export const UCS_2 = 0x08;

/** Octets of a message alone, and of one with a header that joins it to others (3GPP TS 23.040, 9.2.3.24.1). */
const ROOM = {
  [GSM_7]: { alone: 160, joined: 153 },
  [UCS_2]: { alone: 140, joined: 134 },
} as const;

export interface SmsText {
  readonly dataCoding: typeof GSM_7 | typeof UCS_2;
  /** One message's text each; GSM-7 with one septet an octet, as SMPP carries it. */
  readonly segments: readonly Buffer[];
}

/** The messages of a text. No character is cut in two. */
export function smsSegments(text: string): SmsText {
  const gsm = [...text].map(gsm7);
  if (gsm.every((units) => units !== undefined))
    return { dataCoding: GSM_7, segments: cut(gsm, ROOM[GSM_7]) };
  // Whole code points: a surrogate pair is one unit of four octets.
  const ucs2 = [...text.toWellFormed()].map((char) => [...Buffer.from(char, 'utf16le').swap16()]);
  return { dataCoding: UCS_2, segments: cut(ucs2, ROOM[UCS_2]) };
}

function gsm7(char: string): readonly number[] | undefined {
  const basic = BASIC_CODES.get(char);
  if (basic !== undefined) return [basic];
  const extended = EXTENDED[char];
  return extended === undefined ? undefined : [ESCAPE, extended];
}

function cut(
  units: readonly (readonly number[])[],
  { alone, joined }: { readonly alone: number; readonly joined: number },
): Buffer[] {
  const octets = units.flat();
  if (octets.length <= alone) return [Buffer.from(octets)];
  const segments: number[][] = [[]];
  for (const unit of units) {
    const last = segments.at(-1) ?? [];
    if (last.length + unit.length > joined) segments.push([...unit]);
    else last.push(...unit);
  }
  return segments.map((segment) => Buffer.from(segment));
}

export type LongMessages = 'udh' | 'sar' | 'payload';

/**
 * The fields of the `submit_sm` requests that carry a text: one each segment, or one for all as `message_payload`.
 * @param reference 0–255: the same in all segments of a text, and another one in the next.
 */
export function textFields(
  { dataCoding, segments }: SmsText,
  how: LongMessages,
  reference: number,
): readonly Readonly<Record<string, unknown>>[] {
  const [first, ...more] = segments;
  if (more.length === 0) return [{ data_coding: dataCoding, short_message: first ?? Buffer.alloc(0) }];
  if (how === 'payload')
    return [
      {
        data_coding: dataCoding,
        short_message: Buffer.alloc(0),
        message_payload: Buffer.concat(segments),
      },
    ];
  return segments.map((segment, index) =>
    how === 'sar'
      ? {
          data_coding: dataCoding,
          short_message: segment,
          sar_msg_ref_num: reference,
          sar_total_segments: segments.length,
          sar_segment_seqnum: index + 1,
        }
      : {
          data_coding: dataCoding,
          // UDH indicator (SMPP 3.4, 5.2.12).
          esm_class: 0x40,
          short_message: Buffer.concat([
            Buffer.from([0x05, 0x00, 0x03, reference, segments.length, index + 1]),
            segment,
          ]),
        },
  );
}
