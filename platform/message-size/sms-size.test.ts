import { describe, expect, it } from 'vitest';
import { smsSize } from './sms-size.ts';

const x = (count: number) => 'x'.repeat(count);
const han = (count: number) => '好'.repeat(count);

describe('smsSize', () => {
  it.each([
    ['', 'GSM-7', 0, 0, 160],
    ['Hello', 'GSM-7', 5, 1, 155],
    [x(160), 'GSM-7', 160, 1, 0],
    [x(161), 'GSM-7', 161, 2, 145],
    [x(306), 'GSM-7', 306, 2, 0],
    [x(307), 'GSM-7', 307, 3, 152],
    ['Grüße, señor: ¿à Ç?', 'GSM-7', 19, 1, 141],
    ['@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà', 'GSM-7', 44, 1, 116],
    // Two septets each.
    ['€', 'GSM-7', 2, 1, 158],
    ['\f^{}\\[~]|€', 'GSM-7', 20, 1, 140],
    ['€'.repeat(80), 'GSM-7', 160, 1, 0],
    // 153 is odd: 76 of them a part, and a septet stays empty.
    ['€'.repeat(81), 'GSM-7', 162, 2, 143],
    ['€'.repeat(152), 'GSM-7', 304, 2, 1],
    ['€'.repeat(153), 'GSM-7', 306, 3, 151],
    [`${x(152)}€${x(10)}`, 'GSM-7', 164, 2, 141],
    [han(1), 'UCS-2', 1, 1, 69],
    [han(70), 'UCS-2', 70, 1, 0],
    [han(71), 'UCS-2', 71, 2, 63],
    [han(134), 'UCS-2', 134, 2, 0],
    [han(135), 'UCS-2', 135, 3, 66],
    [`${x(69)}ç`, 'UCS-2', 70, 1, 0],
    // Two units each, and 67 is odd.
    ['🎉'.repeat(35), 'UCS-2', 70, 1, 0],
    ['🎉'.repeat(36), 'UCS-2', 72, 2, 61],
    ['🎉'.repeat(66), 'UCS-2', 132, 2, 1],
    ['🎉'.repeat(67), 'UCS-2', 134, 3, 65],
    ['\ud800', 'UCS-2', 1, 1, 69],
  ])('%j is %s of %d units in %d segments, room for %d', (text, encoding, units, segments, left) => {
    expect(smsSize(text)).toMatchObject({ encoding, units, segments, left });
  });

  it('names what makes a text dear', () => {
    expect(smsSize('“Hi” – it’s “fine” 🎉').outsideGsm7).toEqual(['“', '”', '–', '’', '🎉']);
    expect(smsSize('`').outsideGsm7).toEqual(['`']);
    expect(smsSize('fine').outsideGsm7).toEqual([]);
  });

  it('counts the whole table and nothing besides', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
    const inSeptets = all.filter((character) => smsSize(character).encoding === 'GSM-7');
    // 128 of the basic table but the escape, and 10 of the extension table.
    expect(inSeptets).toHaveLength(127 + 10);
  });
});
