import { describe, expect, it, test } from 'vitest';
import type {
  NotificationRecord,
  PlannedDelivery,
  RouteRules,
} from '../../../subgraphs/notifications/index.ts';
import { notification } from '../../../subgraphs/notifications/testing/open-store.ts';
import { collectItems, digestDueAt, isCollected } from './digest-items.ts';
import { partiesOf } from './recipients.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const rules: RouteRules = { key: 'o1', digest: { windowSeconds: 600 } };
const record = (changes: Partial<NotificationRecord> = {}) =>
  notification({ event: 'order.commented', rules, ...changes });
const sms = (user: string): PlannedDelivery => ({ channel: 'SMS', user, address: `+1 ${user}` });

test.each<[string, Parameters<typeof digestDueAt>[0], string, string]>([
  ['after its window', { windowSeconds: 90 }, 'UTC', '2026-03-01T12:01:30Z'],
  ['later today', { at: '18:00' }, 'UTC', '2026-03-01T18:00:00Z'],
  ['where the recipient lives', { at: '18:00' }, 'Asia/Kolkata', '2026-03-01T12:30:00Z'],
  ['tomorrow', { at: '09:00' }, 'UTC', '2026-03-02T09:00:00Z'],
  ['at this moment: tomorrow', { at: '12:00' }, 'UTC', '2026-03-02T12:00:00Z'],
])('a digest is due %s', (_what, rule, timezone, expected) => {
  expect(digestDueAt(rule, timezone, NOW)).toEqual(new Date(expected));
});

test('a digest of a time that a day leaves out is due when clocks were put forward', () => {
  const evening = new Date('2026-03-28T20:00:00Z');
  expect(digestDueAt({ at: '02:30' }, 'Europe/Berlin', evening)).toEqual(new Date('2026-03-29T01:00:00Z'));
});

describe('isCollected', () => {
  it.each<[string, Partial<NotificationRecord>, boolean]>([
    ['of a route with a digest', {}, true],
    ['of one without', { rules: { key: 'o1' } }, false],
    ['a digest itself', { digestOf: 'dgb_1' }, false],
    ['a replay', { resend: { deliveries: [], anew: false } }, false],
  ])('%s', (_what, changes, expected) => {
    expect(isCollected(record(changes))).toBe(expected);
  });
});

describe('collectItems', () => {
  const collect = (own: NotificationRecord, deliveries: readonly PlannedDelivery[]) =>
    collectItems(
      { notification: own, deliveries },
      (user) => (user === 'ann' ? 'Asia/Tokyo' : undefined),
      NOW,
    );

  it('is one item for each recipient to whom something may be sent', () => {
    const items = collect(record(), [
      sms('ann'),
      { channel: 'EMAIL', user: 'ann', address: 'a@example.com' },
      sms('bob'),
      { channel: 'SMS', user: 'cat', skipReason: 'UNSUBSCRIBED' },
      { channel: 'EMAIL', address: 'x@example.com' },
    ]);
    expect(items.map(({ to, deliveries, maxItems }) => [to, deliveries.length, maxItems])).toEqual([
      [[{ user: 'ann' }], 2, 1_000],
      [[{ user: 'bob' }], 1, 1_000],
      [[{ channel: 'EMAIL', address: 'x@example.com' }], 1, 1_000],
    ]);
    expect(new Set(items.map(({ series }) => series)).size).toBe(3);
  });

  it('goes by the clock of its recipient, or by UTC', () => {
    const daily = record({ rules: { digest: { at: '09:00', maxItems: 5 } } });
    expect(
      collect(daily, [sms('ann'), sms('bob')]).map(({ dueAt, maxItems }) => [dueAt.toISOString(), maxItems]),
    ).toEqual([
      ['2026-03-02T00:00:00.000Z', 5],
      ['2026-03-02T09:00:00.000Z', 5],
    ]);
  });

  it.each<[string, Partial<NotificationRecord>, boolean]>([
    ['another notification of the same', { data: { n: 2 } }, true],
    ['another key', { rules: { ...rules, key: 'o2' } }, false],
    ['another event', { event: 'order.paid' }, false],
    ['another template', { template: 'other' }, false],
    ['other channels', { channels: ['EMAIL'] }, false],
    ['another app', { app: 'app_other' }, false],
    ['another workspace', { workspace: 'other' }, false],
  ])('%s: the same series is %s', (_what, changes, same) => {
    const seriesOf = (own: NotificationRecord) => collect(own, [sms('ann')])[0]?.series;
    expect(seriesOf(record(changes)) === seriesOf(record())).toBe(same);
  });
});

test('the addresses of one person are one recipient', () => {
  const to = [
    { channel: 'SMS' as const, address: '+1' },
    { channel: 'EMAIL' as const, address: 'x@example.com' },
  ];
  const deliveries = to.map((entry): PlannedDelivery => ({ ...entry }));
  expect(partiesOf({ to, addressesAreOne: true }, deliveries)).toMatchObject([{ to, deliveries }]);
  expect(partiesOf({ to }, deliveries)).toHaveLength(2);
});
