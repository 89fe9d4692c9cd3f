import { describe, expect, it } from 'vitest';
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import {
  checkedCode,
  checkedRequest,
  codeId,
  keyOfCode,
  otpKey,
  type RequestOtpInput,
  type VerifyOtpInput,
} from './otp-input.ts';
import { sendField } from './send-field.ts';

const problemOf = (work: () => unknown): { code: string; field: string | undefined } => {
  try {
    work();
  } catch (error) {
    if (error instanceof HeraldError) return { code: error.code, field: error.field };
    throw error;
  }
  throw new Error('nothing was wrong');
};
const good: RequestOtpInput = { to: { user: 'ann' }, purpose: 'login' };

describe('checkedRequest', () => {
  it('has its defaults', () => {
    expect(checkedRequest({ ...good, channel: null, length: null })).toEqual({
      to: { user: 'ann' },
      channel: 'SMS',
      purpose: 'login',
      length: 6,
      ttlMs: 300_000,
      fallback: [],
    });
  });

  it.each<[string, Partial<RequestOtpInput>, string]>([
    ['nobody', { to: {} }, 'input.to'],
    ['two', { to: { user: 'ann', address: '+4915112345678' } }, 'input.to.address'],
    ['a user id with a space', { to: { user: 'a b' } }, 'input.to.user'],
    ['no phone number', { to: { address: '0151' } }, 'input.to.address'],
    ['no mail address', { to: { address: 'jane' }, channel: 'EMAIL' }, 'input.to.address'],
    [
      'a browser without its user',
      { to: { address: 'https://push.example' }, channel: 'WEB_PUSH' },
      'input.channel',
    ],
    ['the inbox', { channel: 'IN_APP' }, 'input.channel'],
    ['no purpose', { purpose: '' }, 'input.purpose'],
    ['a purpose that is a link', { purpose: 'http://evil' }, 'input.purpose'],
    ['a purpose with a dot', { purpose: 'evil.example' }, 'input.purpose'],
    ['a purpose of two lines', { purpose: 'a\nb' }, 'input.purpose'],
    ['a long purpose', { purpose: 'x'.repeat(51) }, 'input.purpose'],
    ['a short code', { length: 3 }, 'input.length'],
    ['a long code', { length: 11 }, 'input.length'],
    ['too short a time', { ttlSeconds: 29 }, 'input.ttlSeconds'],
    ['too long a time', { ttlSeconds: 3_601 }, 'input.ttlSeconds'],
    ['no locale', { locale: 'de AT' }, 'input.locale'],
    [
      'the same channel again',
      { fallback: [{ channel: 'SMS', afterSeconds: 9 }] },
      'input.fallback.0.channel',
    ],
    [
      'a fallback to the inbox',
      { fallback: [{ channel: 'IN_APP', afterSeconds: 9 }] },
      'input.fallback.0.channel',
    ],
    [
      'an address that is none of the next channel',
      { to: { address: '+4915112345678' }, fallback: [{ channel: 'EMAIL', afterSeconds: 9 }] },
      'input.fallback.0.channel',
    ],
    [
      'a fallback at once',
      { fallback: [{ channel: 'EMAIL', afterSeconds: 0 }] },
      'input.fallback.0.afterSeconds',
    ],
    [
      'a fallback that begins when the code is over',
      {
        ttlSeconds: 60,
        fallback: [
          { channel: 'EMAIL', afterSeconds: 30 },
          { channel: 'WHATSAPP', afterSeconds: 30 },
        ],
      },
      'input.fallback.1.afterSeconds',
    ],
    [
      'too many',
      {
        fallback: (['EMAIL', 'WHATSAPP', 'TELEGRAM', 'SLACK', 'QQ'] as const).map((channel) => ({
          channel,
          afterSeconds: 1,
        })),
      },
      'input.fallback',
    ],
    ['an empty key', { idempotencyKey: '' }, 'input.idempotencyKey'],
    ['half a character', { idempotencyKey: '\ud800' }, 'input.idempotencyKey'],
  ])('%s', (_what, changes, field) => {
    expect(problemOf(() => checkedRequest({ ...good, ...changes }))).toEqual({
      code: 'BAD_USER_INPUT',
      field,
    });
  });

  it.each(['login', 'Reset password', '登录', 'two-factor_2'])('purpose %s', (purpose) => {
    expect(checkedRequest({ ...good, purpose }).purpose).toBe(purpose);
  });
});

describe('checkedCode', () => {
  it.each([
    ['123456', '123456'],
    ['123 456', '123456'],
    ['12-34', '1234'],
    ['١٢٣٤', '1234'],
    ['１２３４', '1234'],
  ])('%s', (code, digits) => {
    expect(checkedCode({ id: 'otp_x', code }).code).toBe(digits);
  });

  it.each<[string, VerifyOtpInput, string]>([
    ['no digits', { id: 'x', code: 'abcdef' }, 'code'],
    ['nothing', { id: 'x', code: '' }, 'code'],
    ['three digits', { id: 'x', code: '123' }, 'code'],
    ['eleven digits', { id: 'x', code: '12345678901' }, 'code'],
    ['neither id nor recipient', { code: '123456' }, 'id'],
    ['no purpose', { to: { user: 'ann' }, code: '123456' }, 'purpose'],
    ['both ways', { id: 'x', to: { user: 'ann' }, purpose: 'login', code: '123456' }, 'to'],
    ['an id and a purpose', { id: 'x', purpose: 'login', code: '123456' }, 'purpose'],
    ['nobody', { to: {}, purpose: 'login', code: '123456' }, 'to'],
  ])('%s', (_what, input, field) => {
    expect(problemOf(() => checkedCode(input))).toEqual({ code: 'BAD_USER_INPUT', field });
  });
});

describe('keys', () => {
  const key = otpKey('default', 'app', { address: 'Jane@Example.com' }, 'login');
  it('one for each workspace, app, recipient and purpose; however the address is written', () => {
    expect(otpKey('default', 'app', { address: 'jane@example.com' }, 'login')).toBe(key);
    const others = [
      otpKey('other', 'app', { address: 'jane@example.com' }, 'login'),
      otpKey('default', 'app2', { address: 'jane@example.com' }, 'login'),
      otpKey('default', 'app', { address: 'jane@example.com' }, 'pay'),
      otpKey('default', 'app', { user: 'jane@example.com' }, 'login'),
    ];
    expect(new Set([key, ...others]).size).toBe(5);
  });
  it("a code's id tells whose it is", () => {
    expect(keyOfCode(codeId(key, `otp_${'0'.repeat(26)}`))).toBe(key);
    for (const id of ['', 'otp_', 'ntf_1', `otp_${'0'.repeat(51)}`, `otp_${'U'.repeat(52)}`])
      expect(keyOfCode(id)).toBeUndefined();
  });
});

it.each([
  ['input.to.0.user', 'input.to.user'],
  ['input.to.0.address', 'input.to.address'],
  ['input.to.0.channel', 'input.channel'],
  ['input.channels.0', 'input.channel'],
  ['input.fallback.0.channels.0', 'input.channel'],
  ['input.fallback.2.channels.0', 'input.fallback.1.channel'],
  ['input.data.order.id', 'input.template'],
  ['input.template', 'input.template'],
  ['input.expiresAt', 'input.ttlSeconds'],
  ['input.idempotencyKey', 'input.idempotencyKey'],
])('what is wrong with the send at %s is told at %s', (field, told) => {
  expect(sendField(badInput(field, 'wrong')).field).toBe(told);
});
