import { describe, expect, it } from 'vitest';
import { BUILT_IN_LANGUAGES, builtInText, hasTitle, spokenLocale } from './built-in-text.ts';
import { CODE_PLACEHOLDER, contentWithCode, newCode, textWithoutCode } from './code.ts';
import { CodeHasher } from './code-hash.ts';
import { maskedAddress } from './masked-address.ts';

describe('newCode', () => {
  it('has so many digits, and any of them', () => {
    const codes = Array.from({ length: 500 }, () => newCode(6));
    expect(codes.every((code) => /^\d{6}$/.test(code))).toBe(true);
    expect(new Set(codes).size).toBeGreaterThan(490);
    expect(new Set(codes.flatMap((code) => [...code])).size).toBe(10);
    // Leading zeros too: all codes are as likely.
    expect(codes.some((code) => code.startsWith('0'))).toBe(true);
  });
});

describe('contentWithCode', () => {
  const content = {
    locale: 'en',
    title: `Code ${CODE_PLACEHOLDER}`,
    body: `${CODE_PLACEHOLDER} and ${CODE_PLACEHOLDER}`,
    html: `<b>${CODE_PLACEHOLDER}</b>`,
    url: `https://example.com/?code=${CODE_PLACEHOLDER}`,
    data: { kept: 1 },
  };
  it('puts it in wherever it stands', () => {
    expect(contentWithCode(content, '012345', 'SMS')).toEqual({
      locale: 'en',
      title: 'Code 012345',
      body: '012345 and 012345',
      html: '<b>012345</b>',
      url: 'https://example.com/?code=012345',
      data: { kept: 1 },
    });
  });
  it('is read digit by digit', () => {
    expect(contentWithCode({ body: CODE_PLACEHOLDER, locale: 'en' }, '4071', 'VOICE').body).toBe(
      '4, 0, 7, 1',
    );
  });
  it('is taken out of what a provider says, however it was given to it', () => {
    expect(textWithoutCode('bad text: 4071, or 4, 0, 7, 1!', '4071')).toBe(
      `bad text: ${CODE_PLACEHOLDER}, or ${CODE_PLACEHOLDER}!`,
    );
  });
});

describe('CodeHasher', () => {
  const OLD = 'o'.repeat(32);
  const NEW = 'n'.repeat(32);
  it('knows the code, and no other; of no other id', () => {
    const hasher = new CodeHasher(NEW);
    const hash = hasher.hash('otp_a', '123456');
    expect(hasher.matches('otp_a', '123456', hash)).toBe(true);
    expect(hasher.matches('otp_a', '123457', hash)).toBe(false);
    expect(hasher.matches('otp_a', '1234567', hash)).toBe(false);
    expect(hasher.matches('otp_b', '123456', hash)).toBe(false);
  });
  it('never hashes alike, and shows nothing of the code', () => {
    const hasher = new CodeHasher(NEW);
    const hashes = [hasher.hash('otp_a', '123456'), hasher.hash('otp_a', '123456')];
    expect(hashes[0]?.mac).not.toBe(hashes[1]?.mac);
    expect(JSON.stringify(hashes)).not.toContain('123456');
  });
  it('verifies with a former key, and not without it', () => {
    const hash = new CodeHasher(OLD).hash('otp_a', '123456');
    expect(new CodeHasher(`${NEW},${OLD}`).matches('otp_a', '123456', hash)).toBe(true);
    expect(new CodeHasher(NEW).matches('otp_a', '123456', hash)).toBe(false);
  });
});

describe('builtInText', () => {
  it.each(BUILT_IN_LANGUAGES)('%s: the code, what for, for how long', (language) => {
    const { title, body } = builtInText(language, 'login', 5);
    expect(title).toBeTruthy();
    expect(body.split(CODE_PLACEHOLDER)).toHaveLength(2);
    expect(body).toContain('login');
    expect(body).toMatch(/5/);
  });
  it.each([
    ['de-AT', 'ist Ihr Code'],
    ['zh_CN', '验证码'],
    ['DE', 'ist Ihr Code'],
    ['xx', 'is your code'],
    ['constructor', 'is your code'],
    [undefined, 'is your code'],
  ])('%s', (locale, words) => {
    expect(builtInText(locale, 'login', 5).body).toContain(words);
  });
  it.each([
    ['de-AT', 'de-AT'],
    ['xx', 'en'],
    [undefined, 'en'],
  ])('%s is spoken as %s', (locale, spoken) => {
    expect(spokenLocale(locale)).toBe(spoken);
  });
  it('one minute is one; what is short has no title', () => {
    expect(builtInText('en', 'login', 1)).toEqual({
      title: 'Your code',
      body: `${CODE_PLACEHOLDER} is your code for login. It is valid for 1 minute. Do not share it with anyone.`,
    });
    expect([hasTitle('SMS'), hasTitle('VOICE'), hasTitle('EMAIL')]).toEqual([false, false, true]);
  });
});

describe('maskedAddress', () => {
  it.each([
    ['+4915112345678', '+49•••78'],
    ['jane@example.com', 'j•••@example.com'],
    ['https://hooks.example.com/T0/secret', 'hooks.example.com/•••'],
    ['100200300', '1•••00'],
    ['42', '•••'],
  ])('%s', (address, masked) => {
    expect(maskedAddress(address)).toBe(masked);
  });
});
