import { describe, expect, it } from 'vitest';
import type { NotificationRecord, PlannedDelivery, PlanPage } from '../../subgraphs/notifications/index.ts';
import type { AddressStops } from '../../subgraphs/users/index.ts';
import { stopReason, withoutStopped } from './stopped-addresses.ts';

const stops = (suppressed: boolean, ...unwanted: (string | undefined)[]): AddressStops => ({
  suppressed,
  unwanted,
});

describe('stopReason', () => {
  it.each<[string, AddressStops | undefined, string | undefined, string | undefined]>([
    ['nothing is said', undefined, 'news', undefined],
    ['a dead address', stops(true), 'news', 'SUPPRESSED'],
    ['a dead address without a category', stops(true), undefined, 'SUPPRESSED'],
    ['a dead one of somebody who does not want it', stops(true, 'news'), 'news', 'SUPPRESSED'],
    ['an unwanted category', stops(false, 'offers', 'news'), 'news', 'UNSUBSCRIBED'],
    ['another category', stops(false, 'news'), 'invoices', undefined],
    ['no category', stops(false, 'news'), undefined, undefined],
    ['nothing is wanted', stops(false, undefined), 'invoices', 'UNSUBSCRIBED'],
    ['nothing is wanted, not without a category either', stops(false, undefined), undefined, 'UNSUBSCRIBED'],
  ])('%s', (_what, said, category, reason) => {
    expect(stopReason(said, category === undefined ? {} : { category })).toBe(reason);
  });
});

describe('withoutStopped', () => {
  const page = (id: string, workspace: string, ...deliveries: PlannedDelivery[]): PlanPage => ({
    notification: { _id: id, workspace, category: 'news' } as NotificationRecord,
    deliveries,
  });
  const mail = (address: string, more: Partial<PlannedDelivery> = {}): PlannedDelivery => ({
    channel: 'EMAIL',
    address,
    content: { body: 'b', locale: 'en' },
    ...more,
  });
  const device = { id: 'd', keys: { p256dh: 'p', auth: 'a' } };

  it('asks once for each workspace, and only of what would be sent to an address', async () => {
    const asked: [string, string[]][] = [];
    const pages = [
      page('1', 'a', mail('x'), { channel: 'IN_APP', user: 'u' }, mail('y', { skipReason: 'NOT_ALLOWED' })),
      page('2', 'b', mail('x')),
      page('3', 'a', mail('z', { user: 'u' }), { channel: 'WEB_PUSH', address: 'https://p', device }),
      page('4', 'c', { channel: 'IN_APP', user: 'u' }),
      page('5', 'a', { channel: 'MOBILE_PUSH', user: 'u', address: 'token', device: { id: 'p' } }),
    ];
    const users = {
      suppressedOf: async (workspace: string, addresses: readonly { address: string }[]) => {
        asked.push([workspace, addresses.map(({ address }) => address)]);
        return [];
      },
    };
    const checked = await withoutStopped(pages, users, new Map());
    expect(asked).toEqual([
      ['a', ['x', 'z']],
      ['b', ['x']],
    ]);
    expect(new Set(checked)).toEqual(new Set(pages));
  });

  it('skips what is stopped, without its words, and leaves the rest as it is', async () => {
    const pages = [
      page(
        '1',
        'a',
        mail('dead', { user: 'ann' }),
        mail('good'),
        mail('off'),
        mail('dead', { renderError: 'e' }),
      ),
    ];
    const said: Record<string, AddressStops> = { dead: stops(true), off: stops(false, 'news') };
    const users = {
      suppressedOf: async (_: string, addresses: readonly { address: string }[]) =>
        addresses.map(({ address }) => said[address]),
    };
    const [checked] = await withoutStopped(pages, users, new Map());
    expect(checked?.deliveries).toEqual([
      { channel: 'EMAIL', user: 'ann', address: 'dead', skipReason: 'SUPPRESSED' },
      mail('good'),
      { channel: 'EMAIL', address: 'off', skipReason: 'UNSUBSCRIBED' },
      { channel: 'EMAIL', address: 'dead', skipReason: 'SUPPRESSED' },
    ]);
  });

  it('sends nothing of a workspace whose addresses cannot be looked up', async () => {
    const away = new Error('MongoDB is away');
    const failures = new Map<string, unknown>();
    const users = {
      suppressedOf: async (workspace: string) => {
        if (workspace === 'a') throw away;
        return [];
      },
    };
    const pages = [page('1', 'a', mail('x')), page('2', 'b', mail('x'))];
    expect(await withoutStopped(pages, users, failures)).toEqual([pages[1]]);
    expect(failures).toEqual(new Map([['1', away]]));
  });
});
