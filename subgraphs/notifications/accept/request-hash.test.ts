import { describe, expect, it } from 'vitest';
import { requestHash } from './request-hash.ts';

const date = new Date('2026-01-01T00:00:00Z');

describe('requestHash', () => {
  it.each([
    ['the order of members', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['absent and null members', { a: 1, b: null }, { a: 1 }],
    ['equal dates', { at: date }, { at: new Date(date) }],
  ])('does not mind %s', (_what, a, b) => {
    expect(requestHash(a)).toBe(requestHash(b));
  });
  it.each([
    ['a value', { a: 1 }, { a: 2 }],
    ['a type', { a: 1 }, { a: '1' }],
    ['the order of a list', { a: [1, 2] }, { a: [2, 1] }],
    ['a name', { a: 1 }, { b: 1 }],
    ['a null in a list', { a: [null] }, { a: [] }],
    ['what is nested where', { a: { b: 1 }, c: {} }, { a: {}, c: { b: 1 } }],
  ])('minds %s', (_what, a, b) => {
    expect(requestHash(a)).not.toBe(requestHash(b));
  });
});
