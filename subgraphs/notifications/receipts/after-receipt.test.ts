import { describe, expect, it } from 'vitest';
import type { DeliveryState } from '../../../platform/graphql/contract-enums.ts';
import { afterReceipt } from './after-receipt.ts';
import type { ReceivedReceipt } from './received-receipt.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const AT = new Date('2026-03-01T11:59:00Z');
const of = (kind: ReceivedReceipt['kind']): ReceivedReceipt => ({ key: 'k', kind, at: AT, message: 'why' });

describe('afterReceipt', () => {
  it.each([
    ['SENT', 'delivered', { state: 'DELIVERED', deliveredAt: AT }, ['delivery.delivered']],
    ['DELIVERED', 'delivered', {}, []],
    [
      'SENT',
      'opened',
      { state: 'DELIVERED', deliveredAt: AT, openedAt: AT },
      ['delivery.delivered', 'delivery.opened'],
    ],
    ['DELIVERED', 'clicked', { openedAt: AT, clickedAt: AT }, ['delivery.opened', 'delivery.clicked']],
    ['SENT', 'failed', { state: 'FAILED', failedAt: AT }, ['delivery.failed']],
    ['DELIVERED', 'failed', {}, []],
    ['DELIVERED', 'bounced', { state: 'FAILED', failedAt: AT }, ['delivery.failed']],
    ['SENT', 'complained', { state: 'DELIVERED', deliveredAt: AT }, ['delivery.delivered']],
    ['SENT', 'dismissed', { state: 'DELIVERED', deliveredAt: AT }, ['delivery.delivered']],
    ['SENT', 'deferred', {}, []],
  ] as const)('%s, then %s', (state, kind, set, events) => {
    expect(afterReceipt({ state }, of(kind), NOW)).toMatchObject({ set, events });
    expect(Object.keys(afterReceipt({ state }, of(kind), NOW).set).sort()).toEqual(Object.keys(set).sort());
  });

  it.each(['QUEUED', 'SENDING', 'FAILED', 'SKIPPED', 'EXPIRED', 'CANCELED'] satisfies DeliveryState[])(
    'changes nothing of one that is %s',
    (state) => {
      for (const kind of ['delivered', 'bounced', 'clicked'] as const)
        expect(afterReceipt({ state }, of(kind), NOW)).toEqual({ set: {}, events: [] });
    },
  );

  it('tells of the first opening and click alone', () => {
    const before = { state: 'DELIVERED', openedAt: AT, clickedAt: AT } as const;
    expect(afterReceipt(before, of('clicked'), NOW)).toEqual({ set: {}, events: [] });
    expect(afterReceipt({ ...before, clickedAt: undefined }, of('clicked'), NOW)).toEqual({
      set: { clickedAt: AT },
      events: ['delivery.clicked'],
    });
  });

  it('is a dead letter with its reason where it failed', () => {
    expect(afterReceipt({ state: 'SENT' }, of('bounced'), NOW).failure).toEqual({
      code: 'CHANNEL_ADDRESS_GONE',
      message: 'why',
    });
  });

  it('does not believe a time that is still to come, and does without one', () => {
    for (const at of [new Date('2030-01-01'), undefined]) {
      const { at: _, ...rest } = of('delivered');
      expect(afterReceipt({ state: 'SENT' }, { ...rest, ...(at && { at }) }, NOW).set.deliveredAt).toEqual(
        NOW,
      );
    }
  });
});
