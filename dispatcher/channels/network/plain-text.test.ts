import { describe, expect, it } from 'vitest';
import { isPhoneNumber } from './phone-number.ts';
import { plainText } from './plain-text.ts';

describe('plainText', () => {
  it.each([
    [{ body: 'b' }, 'b'],
    [{ title: 't', body: 'b' }, 't\nb'],
    [{ title: ' ', body: 'b\nc ' }, 'b\nc '],
    [{ title: 't', body: '' }, 't'],
    [{ body: 'b', url: 'https://a.example/' }, 'b\nhttps://a.example/'],
    [{ body: 'see https://a.example/', url: 'https://a.example/' }, 'see https://a.example/'],
    [{ title: '', body: ' ' }, ''],
  ])('%j → %j', (message, text) => expect(plainText(message)).toBe(text));
});

describe('isPhoneNumber', () => {
  it.each([
    ['+491701234567', true],
    ['+1234567', true],
    ['+123456789012345', true],
    ['+1234567890123456', false],
    ['+12345', false],
    ['491701234567', false],
    ['0170 1234567', false],
    ['+0123456789', false],
    ['+49 170 1234567', false],
    ['+491701234567\n', false],
    ['', false],
  ])('%j → %j', (address, is) => expect(isPhoneNumber(address)).toBe(is));
});
