import { describe, expect, it } from 'vitest';
import { hashOfSecret, hintOf, newSecret } from './secrets.ts';

describe('secrets', () => {
  it.each([
    ['app', /^hk_[\w-]{43}$/],
    ['operator', /^ho_[\w-]{43}$/],
  ] as const)('of an %s are random and tell what they are', (kind, form) => {
    const secret = newSecret(kind);
    expect(secret).toMatch(form);
    expect(newSecret(kind)).not.toBe(secret);
  });

  it('are hashed with SHA-256', () => {
    expect(hashOfSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it.each([
    ['ho_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfG', 'ho_AbCdE'],
    ['correct-horse-16', 'corr'],
  ])('%s has the hint %s', (secret, hint) => {
    expect(hintOf(secret)).toBe(hint);
  });
});
