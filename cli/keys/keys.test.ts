import { expect, test } from 'vitest';
import { keyLines } from './keys.ts';

const key = (id: string, revokedAt: string | null = null) => ({
  id,
  name: `${id}'s name`,
  hint: 'hk_abcde',
  createdAt: '2026-01-02T03:04:05Z',
  revokedAt,
});
const apps = [
  { id: 'app_1', name: 'Shop\u001b[2J', keys: [key('key_1'), key('key_2', '2026-02-03T00:00:00Z')] },
];

test('apps with their keys, then operators', () => {
  expect(keyLines(apps, [key('key_3')], false)).toEqual([
    'App app_1 (Shop?[2J)',
    "  key_1  hk_abcde…  key_1's name  since 2026-01-02",
    'Operators',
    "  key_3  hk_abcde…  key_3's name  since 2026-01-02",
  ]);
});

test('revoked ones when they are asked for', () => {
  expect(keyLines(apps, [], true)).toContain(
    "  key_2  hk_abcde…  key_2's name  since 2026-01-02  revoked 2026-02-03",
  );
});
