import { describe, expect, it } from 'vitest';
import type { Received } from '../provider/received.ts';
import { check } from './check.ts';
import type { Facts } from './facts.ts';

const receipt = (more: Partial<Received> = {}): Received => ({
  channel: 'WEBHOOK',
  key: 'd1',
  address: '/',
  text: 'r-1',
  at: 1_100,
  ...more,
});

/** One message on two channels, sent, acknowledged and come to both. */
const good: Facts = {
  sent: [
    {
      key: 'r-1',
      user: 'ada',
      channels: ['WEBHOOK', 'IN_APP'],
      kind: 'plain',
      priority: 'MEDIUM',
      at: 1_000,
      expiresAt: 5_000,
    },
  ],
  acknowledged: [{ key: 'r-1', notification: 'n1', at: 1_010 }],
  canceled: [],
  received: [receipt()],
  notifications: [{ id: 'n1', key: 'r-1', state: 'COMPLETED' }],
  deliveries: [
    { id: 'd1', notification: 'n1', channel: 'WEBHOOK', state: 'SENT', attemptedAt: [1_090] },
    { id: 'd2', notification: 'n1', channel: 'IN_APP', state: 'DELIVERED', attemptedAt: [] },
  ],
  inbox: [{ user: 'ada', key: 'r-1' }],
};
const webhookIn = (state: string): Facts['deliveries'] =>
  good.deliveries.map((delivery) => (delivery.id === 'd1' ? { ...delivery, state } : delivery));

describe('check', () => {
  it('finds nothing where all is well', () => {
    expect(check(good, 0)).toEqual({
      sent: 1,
      acknowledged: 1,
      lost: [],
      unexpected: [],
      duplicated: 0,
      problems: [],
      ends: { SENT: 1, DELIVERED: 1 },
    });
  });

  it.each<[what: string, facts: Partial<Facts>, lost: readonly string[]]>([
    ['SENT, but nobody received it', { received: [] }, ['r-1 WEBHOOK (SENT)']],
    ['DELIVERED, but not in the inbox', { inbox: [] }, ['r-1 IN_APP (DELIVERED)']],
    ['in the inbox of somebody else', { inbox: [{ user: 'eve', key: 'r-1' }] }, ['r-1 IN_APP (DELIVERED)']],
    [
      'acknowledged, but not stored',
      { received: [], inbox: [], notifications: [], deliveries: [] },
      ['r-1 WEBHOOK (NOT STORED)', 'r-1 IN_APP (NOT STORED)'],
    ],
    [
      'never planned',
      {
        received: [],
        inbox: [],
        notifications: [{ id: 'n1', key: 'r-1', state: 'COMPLETED' }],
        deliveries: [],
      },
      ['r-1 WEBHOOK (COMPLETED)', 'r-1 IN_APP (COMPLETED)'],
    ],
    ['FAILED', { received: [], deliveries: webhookIn('FAILED') }, []],
    ['EXPIRED', { received: [], deliveries: webhookIn('EXPIRED') }, []],
    ['SKIPPED', { received: [], deliveries: webhookIn('SKIPPED') }, []],
    [
      'cancelled before it was planned',
      {
        received: [],
        inbox: [],
        notifications: [{ id: 'n1', key: 'r-1', state: 'CANCELED' }],
        deliveries: [],
      },
      [],
    ],
  ])('lost: %s', (_what, facts, lost) => {
    expect(check({ ...good, ...facts }, 0).lost).toEqual(lost);
  });

  it.each<[what: string, facts: Partial<Facts>]>([
    ['received r-2', { received: [receipt(), receipt({ text: 'r-2' })] }],
    ['received r-1 on EMAIL', { received: [receipt(), receipt({ channel: 'EMAIL' })] }],
    ['stored r-2', { notifications: [...good.notifications, { id: 'n2', key: 'r-2', state: 'COMPLETED' }] }],
    ['in an inbox r-2', { inbox: [...good.inbox, { user: 'ada', key: 'r-2' }] }],
  ])('unexpected: %s', (what, facts) => {
    expect(check({ ...good, ...facts }, 9).unexpected).toEqual([what]);
  });

  it.each<[what: RegExp, facts: Partial<Facts>]>([
    [/another id/, { acknowledged: [{ key: 'r-1', notification: 'n0', at: 1_010 }] }],
    [
      /stored more than once/,
      { notifications: [...good.notifications, { id: 'n2', key: 'r-1', state: 'COMPLETED' }] },
    ],
    [/in an inbox more than once/, { inbox: [...good.inbox, ...good.inbox] }],
    [
      /notifications not final: r-1 PROCESSING/,
      { notifications: [{ id: 'n1', key: 'r-1', state: 'PROCESSING' }] },
    ],
    [/deliveries not final: d1 SENDING/, { deliveries: webhookIn('SENDING') }],
    [/received after expiry/, { received: [receipt({ at: 10_501 })] }],
    [
      /attempted after expiry: r-1/,
      { deliveries: good.deliveries.map((delivery) => ({ ...delivery, attemptedAt: [5_001] })) },
    ],
    [/before its time/, { sent: good.sent.map((entry) => ({ ...entry, sendAt: 1_200 })) }],
    [/although cancelled/, { canceled: [{ key: 'r-1', at: 1_050 }] }],
    [/another idempotency key/, { received: [receipt(), receipt({ key: 'd9' })] }],
    [/2 duplicates at the provider; at most 1/, { received: [receipt(), receipt(), receipt()] }],
  ])('problem: %s', (problem, facts) => {
    expect(check({ ...good, ...facts }, 1).problems.join('\n')).toMatch(problem);
  });

  it('what the network itself held back may be later by so much', () => {
    const late = { ...good, received: [receipt({ at: 30_499 })] };
    expect(check(late, 0).problems.join()).toContain('received after expiry');
    expect(check(late, 0, 20_000).problems).toEqual([]);
    expect(check({ ...good, received: [receipt({ at: 30_501 })] }, 0, 20_000).problems).toHaveLength(1);
  });

  it('allows as many duplicates as were in flight', () => {
    const verdict = check({ ...good, received: [receipt(), receipt(), receipt()] }, 2);
    expect([verdict.duplicated, verdict.problems]).toEqual([2, []]);
  });
});
