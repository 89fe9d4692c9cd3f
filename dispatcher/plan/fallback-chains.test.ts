import { describe, expect, test } from 'vitest';
import { deliveryId } from '../../subgraphs/notifications/index.ts';
import { notification } from '../../subgraphs/notifications/testing/open-store.ts';
import type { FallbackStep } from '../../subgraphs/templates/index.ts';
import { type ChainedDelivery, withChains } from './fallback-chains.ts';

const STEPS: readonly FallbackStep[] = [
  { channels: ['WEB_PUSH'], unless: 'SENT' },
  { channels: ['SMS'], afterSeconds: 60, unless: 'OPENED' },
  { channels: ['EMAIL'], unless: 'DELIVERED', afterSeconds: 600 },
];
const record = notification();
const planned = (
  channel: ChainedDelivery['channel'],
  index: number,
  changes: Partial<ChainedDelivery> = {},
): ChainedDelivery => ({
  channel,
  user: 'ann',
  address: `${channel} of ann`,
  content: { body: 'x', locale: 'en' },
  chained: { of: 'user ann', index, step: STEPS[index] ?? { channels: [], unless: 'SENT' } },
  ...changes,
});
const chainsOf = (...deliveries: ChainedDelivery[]) =>
  withChains({ notification: record, deliveries }).deliveries.map(({ chain }) => chain);
const idOf = (delivery: ChainedDelivery) => deliveryId(record, delivery);

describe('withChains', () => {
  test('a page without chains stays the same', () => {
    const page = { notification: record, deliveries: [{ channel: 'SMS' as const, user: 'ann' }] };
    expect(withChains(page)).toBe(page);
  });

  test('the first step begins, the others are held back; success is what the next one asks for', () => {
    const all = [planned('WEB_PUSH', 0), planned('SMS', 1), planned('EMAIL', 2)];
    const members = all.map(idOf);
    expect(chainsOf(...all)).toEqual([
      { members, step: 0, waits: false, success: 'OPENED' },
      { members, step: 1, waits: true, success: 'DELIVERED', afterSeconds: 60 },
      { members, step: 2, waits: true, afterSeconds: 600 },
    ]);
  });

  test('what cannot be sent is in no chain: the next one takes its place', () => {
    const all = [
      planned('WEB_PUSH', 0, { skipReason: 'NO_ADDRESS' }),
      planned('SMS', 1),
      planned('EMAIL', 2),
    ];
    const members = all.slice(1).map(idOf);
    expect(chainsOf(...all)).toEqual([
      undefined,
      { members, step: 1, waits: false, success: 'DELIVERED' },
      { members, step: 2, waits: true, afterSeconds: 600 },
    ]);
    const failed = [planned('WEB_PUSH', 0), planned('SMS', 1, { renderError: 'no' }), planned('EMAIL', 2)];
    expect(chainsOf(...failed).map((place) => place?.success)).toEqual(['DELIVERED', undefined, undefined]);
  });

  test('a single step that is left is no chain', () => {
    expect(chainsOf(planned('WEB_PUSH', 0, { skipReason: 'SUPPRESSED' }), planned('SMS', 1))).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('chains of several people are apart', () => {
    const bob = { user: 'bob', address: 'b' };
    const of = (index: number) => ({
      ...bob,
      chained: { of: 'user bob', index, step: STEPS[index] ?? { channels: [], unless: 'SENT' as const } },
    });
    const chains = chainsOf(
      planned('WEB_PUSH', 0),
      planned('WEB_PUSH', 0, of(0)),
      planned('SMS', 1),
      planned('SMS', 1, of(1)),
    );
    expect(chains.map((place) => place?.members.length)).toEqual([2, 2, 2, 2]);
    expect(chains[0]?.members).toEqual(chains[2]?.members);
    expect(chains[0]?.members).not.toEqual(chains[1]?.members);
  });
});
