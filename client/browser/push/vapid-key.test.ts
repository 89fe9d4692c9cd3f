import { expect, test } from 'vitest';
import { isSameKey } from './vapid-key.ts';

const bytes = Uint8Array.from({ length: 65 }, (_, index) => (index * 37 + 251) % 256);
const key = Buffer.from(bytes).toString('base64url');

test('isSameKey', () => {
  expect(key).toMatch(/[-_]/);
  expect(isSameKey(bytes.buffer, key)).toBe(true);
  expect(isSameKey(bytes.buffer, `${key}=`)).toBe(true);
  expect(isSameKey(bytes.slice(1).buffer, key)).toBe(false);
  expect(isSameKey(null, key)).toBe(false);
});
