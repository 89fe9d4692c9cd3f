import { describe, expect, it } from 'vitest';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { Preference } from '../../subgraphs/users/index.ts';
import { isAllowed, type PlanNotification, type PlanRecipient, type PlanRoute, plan } from './plan.ts';
import type { PushRules } from './push-targets.ts';

const now = new Date('2026-01-01T12:00:00Z');
const ann: PlanRecipient = {
  id: 'ann',
  email: 'ann@example.com',
  phone: '+4915112345678',
  addresses: [{ channel: 'TELEGRAM', address: '42' }],
  preferredChannels: [],
  devices: [],
};
const bob: PlanRecipient = { id: 'bob', addresses: [], preferredChannels: ['EMAIL', 'IN_APP'], devices: [] };
const device = (id: string) => ({
  id,
  channel: 'WEB_PUSH' as const,
  endpoint: `https://push.example/${id}`,
  keys: { p256dh: 'p', auth: 'a' },
  lastSeenAt: now,
});
const phone = (id: string, daysAgo = 0) => ({
  id,
  channel: 'MOBILE_PUSH' as const,
  endpoint: `token-of-${id}`,
  lastSeenAt: new Date(now.getTime() - daysAgo * 86_400_000),
});
const all = new Set<Channel>([
  'IN_APP',
  'WEB_PUSH',
  'MOBILE_PUSH',
  'EMAIL',
  'SMS',
  'VOICE',
  'TELEGRAM',
  'WHATSAPP',
  'WEBHOOK',
]);

interface Row {
  readonly what: string;
  readonly notification?: Partial<PlanNotification>;
  readonly route?: PlanRoute;
  readonly recipients?: readonly PlanRecipient[];
  readonly preferences?: Record<string, readonly Preference[]>;
  readonly configured?: ReadonlySet<Channel>;
  readonly push?: PushRules;
  /** `user|address channel → outcome`, in order; a phone with its id. */
  readonly expected: readonly string[];
}

const rows: readonly Row[] = [
  { what: 'nothing said: the inbox', expected: ['ann IN_APP'] },
  {
    what: "nothing said: the recipient's preferred channels",
    recipients: [bob],
    expected: ['bob EMAIL ✗NO_ADDRESS', 'bob IN_APP'],
  },
  {
    what: "the template's channels before the preferred ones",
    route: { offered: ['SMS'] },
    recipients: [ann, bob],
    expected: ['ann SMS +4915112345678', 'bob SMS ✗NO_ADDRESS'],
  },
  {
    what: 'the asked channels before all',
    notification: { channels: ['EMAIL', 'IN_APP'] },
    route: { offered: ['IN_APP', 'EMAIL', 'SMS'] },
    expected: ['ann EMAIL ann@example.com', 'ann IN_APP'],
  },
  {
    what: 'a channel without words',
    notification: { channels: ['EMAIL', 'SMS'] },
    route: { offered: ['SMS'] },
    expected: ['ann EMAIL ✗NOT_ALLOWED', 'ann SMS +4915112345678'],
  },
  {
    what: 'an address without words',
    recipients: [],
    notification: { to: [{ channel: 'EMAIL', address: 'x@example.com' }] },
    route: { offered: ['SMS'] },
    expected: ['- EMAIL ✗NOT_ALLOWED'],
  },
  {
    what: 'an address kept for the channel before the profile',
    recipients: [{ ...ann, addresses: [{ channel: 'SMS', address: '+1' }] }],
    notification: { channels: ['SMS'] },
    expected: ['ann SMS +1'],
  },
  {
    what: 'WhatsApp falls back on the phone',
    notification: { channels: ['WHATSAPP'] },
    expected: ['ann WHATSAPP +4915112345678'],
  },
  {
    what: 'calls go to the phone',
    notification: { channels: ['VOICE'] },
    expected: ['ann VOICE +4915112345678'],
  },
  {
    what: 'calls go to the number kept for them before the phone',
    recipients: [{ ...ann, addresses: [{ channel: 'VOICE', address: '+493012345' }] }],
    notification: { channels: ['VOICE'] },
    expected: ['ann VOICE +493012345'],
  },
  { what: 'further addresses', notification: { channels: ['TELEGRAM'] }, expected: ['ann TELEGRAM 42'] },
  {
    what: 'a channel nobody serves',
    notification: { channels: ['EMAIL'] },
    configured: new Set(['IN_APP']),
    expected: ['ann EMAIL ✗CHANNEL_NOT_CONFIGURED'],
  },
  {
    what: 'every browser of a person',
    recipients: [{ ...ann, devices: [device('d1'), device('d2')] }],
    notification: { channels: ['WEB_PUSH'] },
    expected: ['ann WEB_PUSH https://push.example/d1', 'ann WEB_PUSH https://push.example/d2'],
  },
  {
    what: 'every phone of a person, and the address in the profile; not the browsers',
    recipients: [
      {
        ...ann,
        addresses: [{ channel: 'MOBILE_PUSH', address: 'apns:00' }],
        devices: [device('d1'), phone('p1'), phone('p2')],
      },
    ],
    notification: { channels: ['MOBILE_PUSH'] },
    expected: [
      'ann MOBILE_PUSH token-of-p1 (p1)',
      'ann MOBILE_PUSH token-of-p2 (p2)',
      'ann MOBILE_PUSH apns:00',
    ],
  },
  {
    what: 'a phone whose token is also in the profile, once',
    recipients: [
      {
        ...ann,
        addresses: [{ channel: 'MOBILE_PUSH', address: 'fcm:token-of-p1' }],
        devices: [phone('p1')],
      },
    ],
    notification: { channels: ['MOBILE_PUSH'] },
    expected: ['ann MOBILE_PUSH token-of-p1 (p1)'],
  },
  {
    what: 'the address in the profile without a phone',
    recipients: [{ ...ann, addresses: [{ channel: 'MOBILE_PUSH', address: 'apns:00' }] }],
    notification: { channels: ['MOBILE_PUSH'] },
    expected: ['ann MOBILE_PUSH apns:00'],
  },
  {
    what: 'phones that were not seen for too long get nothing beside others',
    recipients: [{ ...ann, devices: [phone('p1', 31), phone('p2', 29)] }],
    notification: { channels: ['MOBILE_PUSH'] },
    push: { targets: 'all', maxAgeMs: 30 * 86_400_000 },
    expected: ['ann MOBILE_PUSH token-of-p2 (p2)'],
  },
  {
    what: 'the phone seen last alone, where it is asked for, without the address in the profile',
    recipients: [
      {
        ...ann,
        addresses: [{ channel: 'MOBILE_PUSH', address: 'apns:00' }],
        devices: [phone('p1', 3), phone('p2', 1), phone('p3', 2)],
      },
    ],
    notification: { channels: ['MOBILE_PUSH'] },
    push: { targets: 'latest' },
    expected: ['ann MOBILE_PUSH token-of-p2 (p2)'],
  },
  {
    what: 'no phone',
    recipients: [{ ...ann, devices: [device('d1')] }],
    notification: { channels: ['MOBILE_PUSH'] },
    expected: ['ann MOBILE_PUSH ✗NO_ADDRESS'],
  },
  { what: 'no browser', notification: { channels: ['WEB_PUSH'] }, expected: ['ann WEB_PUSH ✗NO_ADDRESS'] },
  {
    what: 'an opt-out of the category on the channel',
    notification: { channels: ['EMAIL', 'IN_APP'], category: 'news' },
    preferences: { ann: [{ category: 'news', channel: 'EMAIL', enabled: false }] },
    expected: ['ann EMAIL ✗UNSUBSCRIBED', 'ann IN_APP'],
  },
  {
    what: "another person's opt-out",
    notification: { channels: ['EMAIL'], category: 'news' },
    preferences: { bob: [{ enabled: false }] },
    expected: ['ann EMAIL ann@example.com'],
  },
  {
    what: 'an opt-out is told before a missing address',
    recipients: [bob],
    notification: { channels: ['EMAIL'] },
    preferences: { bob: [{ channel: 'EMAIL', enabled: false }] },
    expected: ['bob EMAIL ✗UNSUBSCRIBED'],
  },
  {
    what: 'somebody without a profile',
    recipients: [],
    notification: { to: [{ channel: 'EMAIL', address: 'x@example.com' }] },
    expected: ['- EMAIL x@example.com'],
  },
  {
    what: 'somebody without a profile keeps to his channel',
    recipients: [],
    notification: { channels: ['SMS'], to: [{ channel: 'EMAIL', address: 'x@example.com' }] },
    expected: ['- EMAIL x@example.com'],
  },
  {
    what: 'the same twice is once',
    recipients: [ann, ann],
    notification: {
      to: [
        { channel: 'EMAIL', address: 'x@example.com' },
        { channel: 'EMAIL', address: 'x@example.com' },
      ],
    },
    expected: ['ann IN_APP', '- EMAIL x@example.com'],
  },
  { what: 'expired: nothing', notification: { expiresAt: now }, expected: [] },
  {
    what: 'not expired yet',
    notification: { expiresAt: new Date(now.getTime() + 1) },
    expected: ['ann IN_APP'],
  },
];

describe('plan', () => {
  it.each(rows)('$what', ({ notification, route, recipients, preferences, configured, push, expected }) => {
    const planned = plan(
      { to: [], channels: [], ...notification },
      route ?? {},
      recipients ?? [ann],
      new Map(Object.entries(preferences ?? {})),
      configured ?? all,
      now,
      push,
    );
    const told = planned.map((p) => {
      const end = p.skipReason ? ` ✗${p.skipReason}` : p.address === undefined ? '' : ` ${p.address}`;
      const of = p.channel === 'MOBILE_PUSH' && p.device ? ` (${p.device.id})` : '';
      return `${p.user ?? '-'} ${p.channel}${end}${of}`;
    });
    expect(told).toEqual(expected);
  });
});

describe('isAllowed', () => {
  it.each<[string, readonly Preference[], boolean]>([
    ['nothing set', [], true],
    ['all off', [{ enabled: false }], false],
    ['channel off', [{ channel: 'EMAIL', enabled: false }], false],
    ['another channel off', [{ channel: 'SMS', enabled: false }], true],
    ['category off', [{ category: 'news', enabled: false }], false],
    ['another category off', [{ category: 'billing', enabled: false }], true],
    ['category on beats all off', [{ enabled: false }, { category: 'news', enabled: true }], true],
    [
      'category beats channel',
      [
        { channel: 'EMAIL', enabled: true },
        { category: 'news', enabled: false },
      ],
      false,
    ],
    [
      'both beat the category',
      [
        { category: 'news', enabled: false },
        { category: 'news', channel: 'EMAIL', enabled: true },
      ],
      true,
    ],
    [
      'of two equals the later',
      [
        { category: 'news', enabled: false },
        { category: 'news', enabled: true },
      ],
      true,
    ],
  ])('%s', (_what, preferences, expected) => {
    expect(isAllowed(preferences, 'news', 'EMAIL')).toBe(expected);
  });
});
