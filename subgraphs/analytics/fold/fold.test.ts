import { describe, expect, it } from 'vitest';
import type { DeliveryEvent, HeraldEvent } from '../../../platform/event-log/events.ts';
import { talliesOf } from '../../../platform/event-log/tallies.ts';
import { fold } from './fold.ts';

const at = Date.parse('2026-01-31T09:30:12.500Z');
const event = (type: DeliveryEvent['type'], changes: Partial<DeliveryEvent> = {}): DeliveryEvent => ({
  v: 1,
  type,
  workspace: 'w',
  app: 'app_1',
  notification: 'ntf_1',
  delivery: 'dlv_1',
  at,
  channel: 'EMAIL',
  state: 'QUEUED',
  ...changes,
});
const told = (events: readonly HeraldEvent[]) => {
  const { minutes, totals } = fold(talliesOf(events));
  return { ...Object.fromEntries(minutes), ...Object.fromEntries(totals) };
};

describe('fold of the tallies of events', () => {
  it.each<[string, HeraldEvent[], object]>([
    ['nothing', [], {}],
    [
      'one state',
      [event('delivery.sent')],
      { 'w|2026-01-31T09:30|app_1|EMAIL': { SENT: 1 }, 'w|app|app_1': { SENT: 1 } },
    ],
    [
      'the way of one delivery',
      [
        event('delivery.queued'),
        event('delivery.retrying'),
        event('delivery.sent'),
        event('delivery.opened'),
        event('delivery.clicked'),
      ],
      { 'w|2026-01-31T09:30|app_1|EMAIL': { QUEUED: 1, SENT: 1 }, 'w|app|app_1': { QUEUED: 1, SENT: 1 } },
    ],
    [
      'an alert',
      [
        { v: 1, type: 'alert.raised', workspace: 'w', at, alert: 'alr_1', kind: 'DEAD_LETTERS', count: 10 },
        event('delivery.sent'),
      ],
      { 'w|2026-01-31T09:30|app_1|EMAIL': { SENT: 1 }, 'w|app|app_1': { SENT: 1 } },
    ],
    [
      'two minutes',
      [event('delivery.failed'), event('delivery.failed', { at: at + 60_000 })],
      {
        'w|2026-01-31T09:30|app_1|EMAIL': { FAILED: 1 },
        'w|2026-01-31T09:31|app_1|EMAIL': { FAILED: 1 },
        'w|app|app_1': { FAILED: 2 },
      },
    ],
    [
      'channels and templates',
      [
        event('delivery.delivered', { channel: 'IN_APP', template: 't' }),
        event('delivery.skipped', { template: 't' }),
      ],
      {
        'w|2026-01-31T09:30|app_1|IN_APP': { DELIVERED: 1 },
        'w|2026-01-31T09:30|app_1|EMAIL': { SKIPPED: 1 },
        'w|app|app_1': { DELIVERED: 1, SKIPPED: 1 },
        'w|template|t': { DELIVERED: 1, SKIPPED: 1 },
      },
    ],
    [
      'workspaces apart',
      [event('delivery.expired'), event('delivery.canceled', { workspace: 'x' })],
      {
        'w|2026-01-31T09:30|app_1|EMAIL': { EXPIRED: 1 },
        'x|2026-01-31T09:30|app_1|EMAIL': { CANCELED: 1 },
        'w|app|app_1': { EXPIRED: 1 },
        'x|app|app_1': { CANCELED: 1 },
      },
    ],
    [
      'a notification is no delivery',
      [
        {
          v: 1,
          type: 'notification.accepted',
          workspace: 'w',
          app: 'app_1',
          notification: 'n',
          at,
          state: 'ACCEPTED',
          priority: 'HIGH',
        },
      ],
      {},
    ],
  ])('%s', (_what, events, expected) => {
    expect(told(events)).toEqual(expected);
  });
});
