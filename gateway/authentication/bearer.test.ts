import { describe, expect, it } from 'vitest';
import { readCredential } from './bearer.ts';

describe('readCredential', () => {
  it.each([
    [undefined, undefined],
    ['Bearer hk_abc', { kind: 'key', text: 'hk_abc' }],
    ['bearer  ho_abc ', { kind: 'key', text: 'ho_abc' }],
    ['Bearer any/admin+key=chosen.by.hand', { kind: 'key', text: 'any/admin+key=chosen.by.hand' }],
    ['Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln', { kind: 'token', text: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln' }],
    ['Bearer eyJhbGciOiJIUzI1NiJ9.e30', { kind: 'key', text: 'eyJhbGciOiJIUzI1NiJ9.e30' }],
  ])('%s', (header, credential) => {
    expect(readCredential(header)).toEqual(credential);
  });
  it.each([
    '',
    'Bearer',
    'Bearer ',
    'hk_abc',
    'Basic aGs6aG8=',
    'Bearer a b',
    'Bearer ключ',
    `Bearer ${'x'.repeat(8_193)}`,
  ])('refuses "%s"', (header) => {
    expect(() => readCredential(header)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });
});
