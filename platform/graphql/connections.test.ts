import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './connections.ts';

describe('decodeCursor', () => {
  it('takes what encodeCursor gave', () => {
    expect(decodeCursor(encodeCursor('ntf_1'), 'ntf_')).toBe('ntf_1');
    expect(decodeCursor(encodeCursor('日本'))).toBe('日本');
  });

  it.each([
    ['nothing', ''],
    ['what is no base64url', 'x y'],
    ['bytes that are no UTF-8', '_w'],
    ["another list's", encodeCursor('dlv_1')],
  ])('refuses %s', (_what, cursor) => {
    expect(() => decodeCursor(cursor, 'ntf_')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'after' }),
    );
  });
});
