import { expect, test } from 'vitest';
import type { ChainPlace, DeliveryRecord } from '../records/delivery-record.ts';
import { queuedSoon } from './queue-soon.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const ahead = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const place = (changes: Partial<ChainPlace> = {}): ChainPlace => ({
  members: ['a', 'b'],
  step: 1,
  ...changes,
});
const until = (seconds: number) => ({ at: NOW, until: ahead(seconds) });

test.each<[string, Pick<DeliveryRecord, 'nextAttemptAt' | 'chain' | 'held'>, boolean]>([
  ['final', { nextAttemptAt: null, chain: place() }, false],
  ['due', { nextAttemptAt: NOW, chain: place() }, true],
  ['a step with a time', { nextAttemptAt: ahead(60), chain: place({ afterSeconds: 60 }) }, true],
  ['a step with a time far off', { nextAttemptAt: ahead(301), chain: place({ afterSeconds: 301 }) }, false],
  ['a step that waits for the end of the one before', { nextAttemptAt: ahead(60), chain: place() }, false],
  ['the end of quiet hours', { nextAttemptAt: ahead(60), held: until(60) }, true],
  ['of a step', { nextAttemptAt: ahead(60), chain: place(), held: until(60) }, true],
  ['the end of quiet hours in the morning', { nextAttemptAt: ahead(9_000), held: until(9_000) }, false],
  ['held the night before', { nextAttemptAt: ahead(60), chain: place(), held: until(-9_000) }, false],
])('%s', (_what, given, isQueued) => {
  const delivery = { _id: 'b', channel: 'SMS', priority: 'LOW', attempt: 0, ...given } as DeliveryRecord;
  expect(queuedSoon(delivery, NOW)).toEqual(
    isQueued
      ? [{ id: 'b', channel: 'SMS', priority: 'LOW', attempt: 0, nextAttemptAt: given.nextAttemptAt }]
      : [],
  );
});
