import { expect, test } from 'vitest';
import { style } from '../terminal/style.ts';
import { deadLetterLine, type ListedDeadLetter } from './dead-letters.ts';

const letter: ListedDeadLetter = {
  id: 'dlv_1',
  state: 'OPEN',
  channel: 'EMAIL',
  reason: 'CHANNEL_TIMEOUT',
  lastError: 'no answer',
  attempts: 6,
  failedAt: '2026-01-01T12:00:00Z',
  resolvedBy: null,
  resolvedReason: null,
  user: { id: 'ada' },
  notification: { id: 'ntf_1' },
  delivery: { address: 'ada@example.com' },
  replay: null,
};
const START = '2026-01-01T12:00:00Z';

test.each<[string, Partial<ListedDeadLetter>, string]>([
  ['open', {}, `${START} OPEN       EMAIL       ada 6× CHANNEL_TIMEOUT: no answer ntf_1`],
  [
    'without a profile, without words',
    { user: null, lastError: null },
    `${START} OPEN       EMAIL       ada@example.com 6× CHANNEL_TIMEOUT ntf_1`,
  ],
  [
    'replayed',
    { state: 'REPLAYED', replay: { id: 'ntf_2' }, resolvedBy: 'Olga' },
    `${START} REPLAYED   EMAIL       ada 6× CHANNEL_TIMEOUT: no answer ntf_2 by Olga ntf_1`,
  ],
  [
    'discarded',
    { state: 'DISCARDED', resolvedBy: 'Olga', resolvedReason: 'too late' },
    `${START} DISCARDED  EMAIL       ada 6× CHANNEL_TIMEOUT: no answer by Olga too late ntf_1`,
  ],
  [
    'superseded',
    { state: 'SUPERSEDED', resolvedReason: 'Its fallback chain had success on SMS.' },
    `${START} SUPERSEDED EMAIL       ada 6× CHANNEL_TIMEOUT: no answer Its fallback chain had success on SMS. ntf_1`,
  ],
])('%s', (_what, change, line) => {
  expect(deadLetterLine({ ...letter, ...change }, style(false))).toBe(line);
});

test('texts from elsewhere cannot steer the terminal', () => {
  const evil = '\u001b[2J\nOPEN\u202e';
  const line = deadLetterLine(
    { ...letter, user: { id: evil }, lastError: evil, resolvedReason: evil, resolvedBy: evil },
    style(false),
  );
  expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
});
