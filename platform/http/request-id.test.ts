import { describe, expect, it } from 'vitest';
import { requestIdFrom } from './request-id.ts';

describe('requestIdFrom', () => {
  it.each(['a', 'order-17:retry_2.b', 'x'.repeat(128)])('takes %s', (id) => {
    expect(requestIdFrom(id)).toBe(id);
  });
  it.each([undefined, '', 'x'.repeat(129), 'a b', 'a\nb', '"}', ['a', 'b'], 'ключ'])(
    'makes one in place of %j',
    (id) => {
      expect(requestIdFrom(id)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});
