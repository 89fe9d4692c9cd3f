import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import type { QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import type { DeliveryRecord, Outbox } from '../../subgraphs/notifications/index.ts';
import { type Postponement, PutOff } from './put-off.ts';

const HOUR = 3_600_000;

// No time passes between the decision how long it waits and the one where.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is queued of one delivery that is put off, and until when it is. */
async function putOffBy(postponement: Postponement, priority: DeliveryRecord['priority'] = 'LOW') {
  const queued: QueuedDelivery[] = [];
  const deferred: Date[] = [];
  const putOff = new PutOff({
    channel: 'SMS',
    fence: 'f',
    outbox: {
      defer: async (those: readonly { until: Date }[]) => {
        deferred.push(...those.map(({ until }) => until));
      },
    } as unknown as Outbox,
    enqueue: async (those) => {
      queued.push(...those);
    },
  });
  await putOff.claimed({ _id: 'd1', attempt: 0, priority } as DeliveryRecord, postponement);
  expect(deferred).toHaveLength(1);
  return { queued, until: deferred[0]?.getTime() ?? 0 };
}
async function queuedAfter(...of: Parameters<typeof putOffBy>) {
  const { queued, until } = await putOffBy(...of);
  return queued.map(({ nextAttemptAt }) => nextAttemptAt.getTime() - until);
}

describe('what is put off', () => {
  it.each<[string, Postponement, DeliveryRecord['priority'], number[]]>([
    ['found no room, and has a turn', { waitMs: 6_000, why: 'busy' }, 'LOW', [0]],
    ['found no room, behind all turns', { waitMs: 60_000, why: 'busy' }, 'LOW', []],
    ['is urgent and found no room', { waitMs: 60_000, why: 'busy' }, 'HIGH', [0]],
    ['waits for a probe', { waitMs: 60_000, why: 'circuit' }, 'MEDIUM', [0]],
    ['waits for its hours', { waitMs: HOUR, why: 'hours' }, 'MEDIUM', []],
  ])('is in its queue, or left to the sweeper: %s', async (_, postponement, priority, expected) => {
    expect(await queuedAfter(postponement, priority)).toEqual(expected);
  });

  it.each<[Postponement['why'], number]>([
    ['hours', HOUR],
    ['quota', HOUR],
    ['circuit', 5 * HOUR],
  ])('waits for %s, and looks again within an hour where it may be another by then', async (why, waitMs) => {
    const before = sharedNow();
    const { until } = await putOffBy({ waitMs: 5 * HOUR, why });
    expect(until).toBeGreaterThanOrEqual(before + waitMs);
    expect(until).toBeLessThan(before + waitMs + HOUR / 2);
  });

  it('is queued at once where it has expired', async () => {
    expect(await queuedAfter({ waitMs: 0, why: 'expired' })).toEqual([0]);
  });
});
