import { describe, expect, it } from 'vitest';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { notification } from '../testing/open-store.ts';
import { timelineOf } from './timeline.ts';

const t = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const delivery = (changes: Partial<DeliveryRecord>): DeliveryRecord => ({
  _id: 'dlv_1',
  workspace: 'default',
  app: 'app_test',
  notification: 'ntf_1',
  sole: true,
  channel: 'EMAIL',
  address: 'a@example.com',
  state: 'QUEUED',
  attempt: 0,
  attempts: [],
  content: { body: 'x', locale: 'en' },
  priority: 'MEDIUM',
  createdAt: t(1),
  nextAttemptAt: null,
  fence: null,
  ...changes,
});
const types = (...args: Parameters<typeof timelineOf>) => timelineOf(...args).map((e) => e.type);
const record = notification({
  _id: 'ntf_1',
  createdAt: t(0),
  dueAt: t(0),
  plannedAt: t(1),
  deliveryCount: 1,
});

describe('timelineOf', () => {
  it('tells the way of an e-mail that needed two attempts', () => {
    const twice = delivery({
      state: 'SENT',
      provider: 'smtp',
      attempt: 2,
      attempts: [
        {
          at: t(2),
          provider: 'smtp',
          ok: false,
          errorCode: 'CHANNEL_TIMEOUT',
          errorMessage: 'slow',
          latencyMs: 9,
        },
        { at: t(5), provider: 'smtp', ok: true, latencyMs: 3 },
      ],
      sentAt: t(5),
      openedAt: t(60),
    });
    const entries = timelineOf({ ...record, completedAt: t(6) }, [twice], 1);
    expect(entries.map((e) => e.type)).toEqual([
      'accepted',
      'routed',
      'rendered',
      'attempt',
      'attempt',
      'sent',
      'completed',
      'opened',
    ]);
    expect(entries[3]).toMatchObject({
      channel: 'EMAIL',
      detail: { number: 1, ok: false, errorCode: 'CHANNEL_TIMEOUT', address: 'a@example.com' },
    });
  });
  it('tells an in-app delivery, all in one instant, in the order of its steps', () => {
    const inApp = delivery({
      channel: 'IN_APP',
      state: 'DELIVERED',
      user: 'ann',
      attempts: [{ at: t(1), provider: 'inbox', ok: true, latencyMs: 0 }],
      sentAt: t(1),
      deliveredAt: t(1),
    });
    expect(types({ ...record, completedAt: t(1) }, [inApp], 1)).toEqual([
      'accepted',
      'routed',
      'rendered',
      'attempt',
      'delivered',
      'completed',
    ]);
  });
  it('tells of a plan that was stored after its first attempts in the order of its steps', () => {
    const first = delivery({
      state: 'SENT',
      createdAt: t(3),
      attempts: [{ at: t(2), provider: 'smtp', ok: true, latencyMs: 3 }],
      sentAt: t(2),
    });
    const plan = { ...record, plannedAt: t(3), completedAt: t(3) };
    expect(types(plan, [first], 1)).toEqual([
      'accepted',
      'routed',
      'rendered',
      'attempt',
      'sent',
      'completed',
    ]);
    const second = delivery({
      _id: 'dlv_2',
      createdAt: t(3),
      chain: { members: ['dlv_1', 'dlv_2'], step: 1, afterSeconds: 9 },
    });
    expect(types(plan, [first, second], 2)).toEqual([
      'accepted',
      'routed',
      'rendered',
      'attempt',
      'sent',
      'rendered',
      'heldBack',
      'completed',
    ]);
  });
  it('still tells that words were rendered when they are not needed any more', () => {
    const unneeded = delivery({ state: 'SKIPPED', skipReason: 'FALLBACK_NOT_NEEDED', skippedAt: t(9) });
    expect(types(record, [unneeded], 1)).toEqual(['accepted', 'routed', 'rendered', 'skipped']);
  });
  it('says why something was skipped, failed, expired or cancelled', () => {
    expect(
      timelineOf(record, [delivery({ state: 'SKIPPED', skipReason: 'UNSUBSCRIBED' })], 1)[2],
    ).toMatchObject({ type: 'skipped', detail: { reason: 'UNSUBSCRIBED' } });
    expect(types(record, [delivery({ state: 'FAILED', failedAt: t(9) })], 1)).toContain('failed');
    expect(types(record, [delivery({ state: 'EXPIRED', expiredAt: t(9) })], 1)).toContain('expired');
    expect(timelineOf({ ...record, canceledAt: t(9), canceledBy: 'Eve' }, [], 0).at(-1)).toMatchObject({
      type: 'canceled',
      detail: { by: 'Eve' },
    });
  });
  it('points from a replay to its original and back', () => {
    expect(timelineOf({ ...record, replayOf: 'ntf_0' }, [], 0)).toContainEqual({
      at: t(0),
      type: 'replayOf',
      detail: { notification: 'ntf_0' },
    });
    expect(
      timelineOf({ ...record, replays: [{ at: t(30), notification: 'ntf_2', by: 'Eve' }] }, [], 0).at(-1),
    ).toMatchObject({ type: 'replayed', detail: { notification: 'ntf_2', by: 'Eve' } });
  });
  it('says when it does not show all', () => {
    expect(timelineOf(record, [delivery({})], 5)).toContainEqual({
      at: t(1),
      type: 'truncated',
      detail: { deliveries: 5, shown: 1 },
    });
  });

  it('tells until when quiet hours hold a message, and for which notification one was left out', () => {
    const held = delivery({ held: { at: t(1), until: t(30) }, quiet: { from: '22:00', to: '07:00' } });
    expect(timelineOf(record, [held], 1)).toContainEqual({
      at: t(1),
      type: 'heldBack',
      channel: 'EMAIL',
      detail: {
        delivery: 'dlv_1',
        address: 'a@example.com',
        reason: 'QUIET_HOURS',
        until: t(30).toISOString(),
      },
    });
    const left = delivery({ state: 'SKIPPED', skipReason: 'ALREADY_SENT', skippedFor: 'ntf_0' });
    expect(timelineOf(record, [left], 1).find(({ type }) => type === 'skipped')?.detail).toMatchObject({
      reason: 'ALREADY_SENT',
      notification: 'ntf_0',
    });
  });
});
