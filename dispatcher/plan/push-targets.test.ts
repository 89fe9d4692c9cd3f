import { describe, expect, it } from 'vitest';
import { type PushRules, pushRulesOf, pushTargets } from './push-targets.ts';

const now = new Date('2026-06-01T12:00:00Z');
const DAY_MS = 86_400_000;
/** `name@days`, of the address `name`; `name:address@days` of another one. */
const device = (text: string) => {
  const [, id = '', endpoint = id, days = '0'] = /^(\w+)(?::(\w+))?@(\d+)$/.exec(text) ?? [];
  return { id, endpoint, lastSeenAt: new Date(now.getTime() - Number(days) * DAY_MS) };
};
const all: PushRules = { targets: 'all', maxAgeMs: 180 * DAY_MS };
const ageless: PushRules = { targets: 'all' };
const latest: PushRules = { ...all, targets: 'latest' };

describe('pushTargets', () => {
  it.each<[string, PushRules, string[], string[]]>([
    ['none', all, [], []],
    ['one', all, ['a@0'], ['a']],
    ['the only one, however old', all, ['a@4000'], ['a']],
    ['all that are recent, in their order', all, ['a@3', 'b@0', 'c@179'], ['a', 'b', 'c']],
    ['at the very age', all, ['a@180', 'b@0'], ['a', 'b']],
    ['without those too old', all, ['a@181', 'b@0', 'c@500'], ['b']],
    ['all too old: the one seen last', all, ['a@300', 'b@200', 'c@400'], ['b']],
    ['where age does not matter, all', ageless, ['a@9999', 'b@0'], ['a', 'b']],
    ['the same address twice, as it was seen last', all, ['a:x@5', 'b:x@1', 'c@2'], ['b', 'c']],
    ['the same address twice, one of them too old', all, ['a:x@500', 'b:x@1'], ['b']],
    ['the latest alone', latest, ['a@3', 'b@1', 'c@2'], ['b']],
    ['the latest alone, however old', latest, ['a@300', 'b@200'], ['b']],
    ['of two seen at once, the later registered', latest, ['a@1', 'b@1'], ['b']],
  ])('%s', (_, rules, devices, expected) =>
    expect(pushTargets(devices.map(device), now, rules).map(({ id }) => id)).toEqual(expected),
  );
});

it('reads its rules from the settings', () => {
  expect(pushRulesOf({ PUSH_DEVICE_MAX_AGE_DAYS: 180, PUSH_TARGETS: 'all' })).toEqual(all);
  expect(pushRulesOf({ PUSH_DEVICE_MAX_AGE_DAYS: 0, PUSH_TARGETS: 'latest' })).toEqual({ targets: 'latest' });
});
