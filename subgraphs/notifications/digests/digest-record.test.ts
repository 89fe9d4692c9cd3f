import { expect, test } from 'vitest';
import type { DigestBucketRecord } from './digest-models.ts';
import { digestRecord } from './digest-record.ts';

const NOW = new Date('2026-03-02T09:00:01Z');
const bucket: DigestBucketRecord = {
  _id: 'dgb_1',
  workspace: 'shop',
  app: 'app_1',
  event: 'order.commented',
  key: 'o1',
  series: 's',
  to: [{ user: 'ann' }],
  sendAs: {
    channels: ['EMAIL'],
    priority: 'LOW',
    template: 'comments',
    category: 'social',
    quietHours: 'SKIP',
  },
  state: 'OPEN',
  openedAt: new Date('2026-03-01T10:00:00Z'),
  dueAt: new Date('2026-03-02T09:00:00Z'),
  maxItems: 10,
  count: 3,
  bytes: 300,
};
const at = (hour: number) => new Date(Date.UTC(2026, 2, 1, hour));

test('is sent as its first item would have been, with all of them in the order of their acceptance', () => {
  const items = [
    { _id: 'ntf_c', createdAt: at(12), data: { by: 'Cy' } },
    { _id: 'ntf_b', createdAt: at(11) },
    { _id: 'ntf_a', createdAt: at(11), data: { by: 'Al' } },
  ];
  expect(digestRecord(bucket, items, NOW)).toEqual({
    _id: expect.stringMatching(/^ntf_/),
    workspace: 'shop',
    app: 'app_1',
    idem: '|digest|dgb_1',
    state: 'ACCEPTED',
    event: 'order.commented',
    channels: ['EMAIL'],
    priority: 'LOW',
    template: 'comments',
    category: 'social',
    to: [{ user: 'ann' }],
    data: {
      items: [
        { notification: 'ntf_a', at: at(11).toISOString(), data: { by: 'Al' } },
        { notification: 'ntf_b', at: at(11).toISOString(), data: {} },
        { notification: 'ntf_c', at: at(12).toISOString(), data: { by: 'Cy' } },
      ],
      count: 3,
      key: 'o1',
      from: at(11).toISOString(),
      to: at(12).toISOString(),
    },
    // Neither once, nor throttled, nor collected itself.
    rules: { quietHours: 'SKIP' },
    digestOf: 'dgb_1',
    createdAt: NOW,
    dueAt: NOW,
    nextAttemptAt: new Date(NOW.getTime() + 2_000),
    lane: 'LOW',
    planned: false,
  });
});

test('has as long as its first item had', () => {
  const expiring = { ...bucket, sendAs: { ...bucket.sendAs, expiresInMs: 60_000 } };
  const { expiresAt } = digestRecord(expiring, [{ _id: 'ntf_a', createdAt: at(11) }], NOW);
  expect(expiresAt).toEqual(new Date(NOW.getTime() + 60_000));
});
