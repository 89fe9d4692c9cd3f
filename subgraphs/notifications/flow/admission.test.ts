import { expect, it } from 'vitest';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { refusalOf } from './admission.ts';

const limits = { LOW: 100, MEDIUM: 200, HIGH: 500 };

it.each<[number, Priority[]]>([
  [0, []],
  [100, []],
  [101, ['LOW']],
  [200, ['LOW']],
  [201, ['LOW', 'MEDIUM']],
  [500, ['LOW', 'MEDIUM']],
  [501, ['LOW', 'MEDIUM', 'HIGH']],
])('with %i waiting %j are refused', (waiting, expected) => {
  const refused = (['LOW', 'MEDIUM', 'HIGH'] as const).filter((p) => refusalOf(p, waiting, limits));
  expect(refused).toEqual(expected);
});

it('says what is full, and when to try again', () => {
  expect(refusalOf('LOW', 1_234, limits)).toMatchObject({
    message: expect.stringContaining('1234 notifications and deliveries wait'),
    extensions: { code: 'UNAVAILABLE', retryAfterMs: 5_000 },
  });
});
