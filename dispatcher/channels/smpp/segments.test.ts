import { describe, expect, it } from 'vitest';
import { GSM_7, smsSegments, textFields, UCS_2 } from './segments.ts';

describe('smsSegments', () => {
  it.each([
    ['', GSM_7, [0]],
    ['@£$ Ωà', GSM_7, [6]],
    ['a'.repeat(160), GSM_7, [160]],
    ['a'.repeat(161), GSM_7, [153, 8]],
    ['a'.repeat(306), GSM_7, [153, 153]],
    ['a'.repeat(307), GSM_7, [153, 153, 1]],
    ['€'.repeat(80), GSM_7, [160]],
    ['€'.repeat(81), GSM_7, [152, 10]],
    ['`', UCS_2, [2]],
    ['好'.repeat(70), UCS_2, [140]],
    ['好'.repeat(71), UCS_2, [134, 8]],
    ['🎉'.repeat(35), UCS_2, [140]],
    ['🎉'.repeat(36), UCS_2, [132, 12]],
    ['\ud800', UCS_2, [2]],
  ] as const)('%j', (text, dataCoding, lengths) => {
    const made = smsSegments(text);
    expect(made.dataCoding).toBe(dataCoding);
    expect(made.segments.map(({ length }) => length)).toEqual(lengths);
  });

  it('encodes by the tables of 3GPP TS 23.038', () => {
    expect(smsSegments('@A{€').segments[0]?.toString('hex')).toBe('00411b281b65');
    expect(smsSegments('好🎉').segments[0]?.toString('hex')).toBe('597dd83cdf89');
    // The escape itself is no character.
    expect(smsSegments('\u001b').dataCoding).toBe(UCS_2);
  });
});

describe('textFields', () => {
  const long = smsSegments(`${'a'.repeat(160)}b`);

  it('is one request where one is enough, however long ones go', () => {
    for (const how of ['udh', 'sar', 'payload'] as const)
      expect(textFields(smsSegments('a'), how, 7)).toEqual([
        { data_coding: 0, short_message: Buffer.from('a') },
      ]);
  });

  it('puts a header before segments', () => {
    const fields = textFields(long, 'udh', 7);
    expect(fields).toMatchObject([{ esm_class: 0x40 }, { esm_class: 0x40 }]);
    const second = fields[1]?.short_message;
    expect(second).toEqual(Buffer.concat([Buffer.from([5, 0, 3, 7, 2, 2]), Buffer.from('aaaaaaab')]));
  });

  it('numbers segments in fields, or sends all as a payload', () => {
    expect(textFields(long, 'sar', 7)).toMatchObject([
      { sar_msg_ref_num: 7, sar_total_segments: 2, sar_segment_seqnum: 1 },
      { sar_msg_ref_num: 7, sar_total_segments: 2, sar_segment_seqnum: 2 },
    ]);
    expect(textFields(long, 'payload', 7)).toEqual([
      { data_coding: 0, short_message: Buffer.alloc(0), message_payload: Buffer.from(`${'a'.repeat(160)}b`) },
    ]);
  });
});
