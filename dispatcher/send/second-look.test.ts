import { describe, expect, it } from 'vitest';
import type { DeliveryRecord, SecondLook } from '../../subgraphs/notifications/index.ts';
import type { Recipient } from '../../subgraphs/users/index.ts';
import { lookAgainAt, secondLook } from './second-look.ts';

const delivery = (changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  _id: 'dlv_1',
  workspace: 'default',
  app: 'app_1',
  notification: 'ntf_1',
  sole: true,
  channel: 'SMS',
  user: 'ann',
  address: '+4915112345678',
  state: 'SENDING',
  attempt: 0,
  attempts: [],
  priority: 'MEDIUM',
  createdAt: new Date(0),
  nextAttemptAt: new Date(0),
  ...changes,
});
const ann = (changes: Partial<Recipient> = {}): Recipient => ({
  workspace: 'default',
  id: 'ann',
  groups: [],
  attributes: {},
  addresses: [],
  preferences: [],
  preferredChannels: [],
  devices: [],
  ...changes,
});
const NO_SMS = ann({ preferences: [{ channel: 'SMS', enabled: false }] });
const NO_NEWS = ann({ preferences: [{ category: 'news', enabled: false }] });
const device = { id: 'dev_1', keys: { p256dh: 'p', auth: 'a' } };
const phone = { ...device, channel: 'WEB_PUSH' as const, endpoint: 'https://p', lastSeenAt: new Date(0) };
const push = delivery({ channel: 'WEB_PUSH', address: 'https://p', device });
const hours = { from: '22:00', to: '07:00' };

describe('secondLook', () => {
  it.each<[string, Parameters<typeof secondLook>, SecondLook]>([
    ['nothing has changed', [{ delivery: delivery() }, ann(), undefined], {}],
    ['opted out of the channel', [{ delivery: delivery() }, NO_SMS, undefined], { skip: 'UNSUBSCRIBED' }],
    [
      'opted out of the category',
      [{ delivery: delivery(), category: 'news' }, NO_NEWS, undefined],
      { skip: 'UNSUBSCRIBED' },
    ],
    ['of another category', [{ delivery: delivery(), category: 'orders' }, NO_NEWS, undefined], {}],
    ['a one-time password', [{ delivery: delivery({ otp: 'otp_1' }) }, NO_SMS, undefined], {}],
    [
      'its address is dead',
      [{ delivery: delivery({ otp: 'otp_1' }) }, ann(), { suppressed: true, unwanted: [] }],
      { skip: 'SUPPRESSED' },
    ],
    [
      'whoever has the address wants none of the category',
      [
        { delivery: { ...delivery(), user: undefined as never }, category: 'news' },
        undefined,
        { suppressed: false, unwanted: ['news'] },
      ],
      { skip: 'UNSUBSCRIBED' },
    ],
    ['the user is gone', [{ delivery: delivery() }, undefined, undefined], { skip: 'NO_ADDRESS' }],
    ['the browser is signed off', [{ delivery: push }, ann(), undefined], { skip: 'NO_ADDRESS' }],
    ['the browser is there', [{ delivery: push }, ann({ devices: [phone] }), undefined], {}],
    [
      'quiet hours of now',
      [{ delivery: delivery() }, ann({ quietHours: hours, timezone: 'Asia/Tokyo' }), undefined],
      { quiet: { ...hours, timezone: 'Asia/Tokyo' } },
    ],
    [
      'skipped in them',
      [{ delivery: delivery(), quietHours: 'SKIP' }, ann({ quietHours: hours }), undefined],
      { quiet: { ...hours, skip: true } },
    ],
    ['ignored', [{ delivery: delivery(), quietHours: 'IGNORE' }, ann({ quietHours: hours }), undefined], {}],
    ['urgent', [{ delivery: delivery({ priority: 'HIGH' }) }, ann({ quietHours: hours }), undefined], {}],
  ])('%s', (_what, given, expected) => {
    expect(secondLook(...given)).toEqual(expected);
  });
});

describe('lookAgainAt', () => {
  it('asks each workspace once, of devices no address, and answers in order', async () => {
    const asked: unknown[] = [];
    const look = lookAgainAt({
      recipients: async (workspace, ids) => {
        asked.push(['people', workspace, ids]);
        return new Map(workspace === 'a' ? [['ann', NO_SMS]] : []);
      },
      suppressedOf: async (workspace, addresses) => {
        asked.push(['addresses', workspace, addresses.map(({ address }) => address)]);
        return addresses.map(({ address }) =>
          address === 'dead' ? { suppressed: true, unwanted: [] } : undefined,
        );
      },
    });
    const late = [
      delivery({ _id: '1', workspace: 'a' }),
      { ...delivery({ _id: '2', workspace: 'b', address: 'dead' }), user: undefined as never },
      { ...push, _id: '3', workspace: 'a' },
    ].map((one) => ({ delivery: one }));
    expect(await look(late)).toEqual([
      { skip: 'UNSUBSCRIBED' },
      { skip: 'SUPPRESSED' },
      { skip: 'NO_ADDRESS' },
    ]);
    expect(asked).toEqual([
      ['people', 'a', ['ann']],
      ['addresses', 'a', ['+4915112345678']],
      ['addresses', 'b', ['dead']],
    ]);
  });
});
