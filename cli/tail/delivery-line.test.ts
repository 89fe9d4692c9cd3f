import { expect, test } from 'vitest';
import { style } from '../terminal/style.ts';
import { deliveryLine, type LiveDelivery } from './delivery-line.ts';
import { Repeats } from './repeats.ts';

const ok = { at: '2026-01-01T00:00:00Z', ok: true, errorCode: null, errorMessage: null, latencyMs: 12 };
const failed = { ...ok, ok: false, errorCode: 'CHANNEL_TIMEOUT', errorMessage: 'no answer' };
const delivery: LiveDelivery = {
  id: 'dlv_1',
  channel: 'EMAIL',
  state: 'SENT',
  skipReason: null,
  provider: 'smtp',
  address: 'ada@example.com',
  user: { id: 'ada' },
  attempts: [ok],
  notification: {
    id: 'ntf_1',
    event: 'order.paid',
    template: { id: 'paid' },
    app: { id: 'app_1', name: 'Shop' },
  },
};

test.each<[string, Partial<LiveDelivery>, string]>([
  ['sent', {}, '12:00:00 SENT      EMAIL       ada ← Shop order.paid smtp 12 ms ntf_1'],
  [
    'to an address',
    { user: null },
    '12:00:00 SENT      EMAIL       ada@example.com ← Shop order.paid smtp 12 ms ntf_1',
  ],
  [
    'skipped',
    { state: 'SKIPPED', skipReason: 'UNSUBSCRIBED', provider: null, attempts: [] },
    '12:00:00 SKIPPED   EMAIL       ada ← Shop order.paid UNSUBSCRIBED ntf_1',
  ],
  [
    'to be tried again',
    { state: 'QUEUED', attempts: [failed, failed] },
    '12:00:00 QUEUED    EMAIL       ada ← Shop order.paid attempt 2: CHANNEL_TIMEOUT no answer ntf_1',
  ],
  [
    'queued',
    { state: 'QUEUED', provider: null, attempts: [] },
    '12:00:00 QUEUED    EMAIL       ada ← Shop order.paid ntf_1',
  ],
  [
    'by template',
    { notification: { ...delivery.notification, event: null } },
    '12:00:00 SENT      EMAIL       ada ← Shop paid smtp 12 ms ntf_1',
  ],
])('%s', (_, change, line) => {
  expect(deliveryLine({ ...delivery, ...change }, '12:00:00', style(false))).toBe(line);
});

test('texts from elsewhere cannot steer the terminal', () => {
  const evil = '\u001b[2J\u001b]0;x\u0007\nSENT\u202e';
  const line = deliveryLine(
    { ...delivery, user: { id: evil }, notification: { ...delivery.notification, event: evil } },
    '12:00:00',
    style(false),
  );
  expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
});

test('colour tells good from bad', () => {
  const coloured = (state: LiveDelivery['state']) =>
    deliveryLine({ ...delivery, state }, '12:00:00', style(true));
  const esc = String.fromCharCode(27);
  expect(coloured('DELIVERED')).toContain(`${esc}[32mDELIVERED`);
  expect(coloured('FAILED')).toContain(`${esc}[31mFAILED`);
});

test('the same state is shown once, a new attempt again', () => {
  const repeats = new Repeats();
  expect(repeats.seen(delivery)).toBe(false);
  expect(repeats.seen(delivery)).toBe(true);
  expect(repeats.seen({ ...delivery, attempts: [ok, ok] })).toBe(false);
  expect(repeats.seen({ ...delivery, id: 'dlv_2' })).toBe(false);
});
