import { describe, expect, it } from 'vitest';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import type { CompiledTemplate } from '../../subgraphs/templates/index.ts';
import type { Recipient } from '../../subgraphs/users/index.ts';
import { needsWords, nextResendPage, planResend, RESEND_PAGE } from './resend.ts';

const now = new Date('2026-01-01T12:00:00Z');
const original = (changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  _id: 'dlv_1',
  workspace: 'default',
  app: 'app_1',
  notification: 'ntf_1',
  sole: true,
  channel: 'EMAIL',
  user: 'ann',
  address: 'old@example.com',
  state: 'FAILED',
  attempt: 6,
  attempts: [],
  content: { body: 'as it was', locale: 'en' },
  priority: 'LOW',
  createdAt: now,
  nextAttemptAt: null,
  fence: null,
  ...changes,
});
const replay = (changes: Partial<NotificationRecord> = {}): NotificationRecord => ({
  _id: 'ntf_2',
  workspace: 'default',
  app: 'app_1',
  idem: 'ntf_2',
  requestHash: '',
  state: 'ACCEPTED',
  priority: 'LOW',
  content: { body: 'edited' },
  category: 'news',
  to: [],
  channels: [],
  createdAt: now,
  dueAt: now,
  nextAttemptAt: now,
  lane: 'LOW',
  planned: false,
  deliveryCount: 0,
  replayOf: 'ntf_1',
  resend: { deliveries: ['dlv_1'], anew: false },
  ...changes,
});
const ann: Recipient = {
  workspace: 'default',
  id: 'ann',
  email: 'new@example.com',
  groups: [],
  attributes: {},
  addresses: [],
  preferences: [],
  preferredChannels: [],
  devices: [
    {
      id: 'd1',
      channel: 'WEB_PUSH',
      endpoint: 'https://push.example/d1',
      keys: { p256dh: 'p', auth: 'a' },
      lastSeenAt: new Date(0),
    },
    { id: 'p1', channel: 'MOBILE_PUSH', endpoint: 'token-of-p1', lastSeenAt: new Date(0) },
  ],
};
const template: CompiledTemplate = {
  id: 'welcome',
  name: 'Welcome',
  version: 7,
  channels: ['EMAIL'],
  dataProblem: () => undefined,
  render: (channel, _locale, variables) => ({
    channel,
    locale: 'en',
    body: `Hello ${String(variables.name)}`,
  }),
};
const browser = { channel: 'WEB_PUSH' as const, address: 'https://push.example/d1' };
const phone = { channel: 'MOBILE_PUSH' as const, address: 'old-token' };
const all = new Set<Channel>(['IN_APP', 'EMAIL', 'WEB_PUSH', 'MOBILE_PUSH', 'SMS']);

interface Row {
  readonly what: string;
  readonly of?: Partial<DeliveryRecord>;
  readonly by?: Partial<NotificationRecord>;
  readonly template?: CompiledTemplate;
  readonly person?: Recipient | null;
  readonly configured?: ReadonlySet<Channel>;
  readonly expected: object;
}
const rows: readonly Row[] = [
  {
    what: 'the original words go to the original address',
    expected: { address: 'old@example.com', content: { body: 'as it was' } },
  },
  {
    what: 'an edited address',
    by: { resend: { deliveries: ['dlv_1'], address: 'x@example.com', anew: false } },
    expected: { address: 'x@example.com', content: { body: 'as it was' } },
  },
  {
    what: 'edited words',
    by: { resend: { deliveries: ['dlv_1'], anew: true } },
    expected: { address: 'old@example.com', content: { body: 'edited' } },
  },
  {
    what: 'edited data',
    by: { template: 'welcome', data: { name: 'Ann' }, resend: { deliveries: ['dlv_1'], anew: true } },
    template,
    expected: { content: { body: 'Hello Ann' } },
  },
  {
    what: 'words that never came about are made now',
    of: { content: undefined as never },
    by: { template: 'welcome', data: { name: 'Ann' } },
    template,
    expected: { content: { body: 'Hello Ann' } },
  },
  {
    what: 'a template that has no words for the channel any more',
    of: { content: undefined as never, channel: 'SMS' },
    by: { template: 'welcome' },
    template,
    expected: { skipReason: 'NOT_ALLOWED' },
  },
  {
    what: 'a template that fails again',
    by: { template: 'welcome', resend: { deliveries: ['dlv_1'], anew: true } },
    template: {
      ...template,
      render: () => {
        throw new Error('no such helper');
      },
    },
    expected: { renderError: 'no such helper' },
  },
  {
    what: 'who has opted out meanwhile',
    person: { ...ann, preferences: [{ category: 'news', channel: 'EMAIL', enabled: false }] },
    expected: { skipReason: 'UNSUBSCRIBED' },
  },
  {
    what: 'an opt-out goes before edited words and addresses',
    by: { resend: { deliveries: ['dlv_1'], address: 'x@example.com', anew: true } },
    person: { ...ann, preferences: [{ enabled: false }] },
    expected: { skipReason: 'UNSUBSCRIBED' },
  },
  { what: 'who is gone', person: null, expected: { skipReason: 'NO_ADDRESS' } },
  {
    what: 'somebody without a profile',
    of: { user: undefined as never },
    person: null,
    expected: { address: 'old@example.com', content: { body: 'as it was' } },
  },
  {
    what: 'a channel that nobody serves any more',
    configured: new Set(['IN_APP']),
    expected: { skipReason: 'CHANNEL_NOT_CONFIGURED' },
  },
  {
    what: 'a browser that is still signed on',
    of: { ...browser, device: { id: 'd1', keys: { p256dh: 'p', auth: 'a' } } },
    expected: { address: 'https://push.example/d1', device: { id: 'd1', keys: { p256dh: 'p', auth: 'a' } } },
  },
  {
    what: 'a browser that was signed off',
    of: { ...browser, device: { id: 'd2', keys: { p256dh: 'p', auth: 'a' } } },
    expected: { skipReason: 'NO_ADDRESS' },
  },
  {
    what: 'a phone that is still registered',
    of: { ...phone, device: { id: 'p1' } },
    expected: { address: 'token-of-p1', device: { id: 'p1' } },
  },
  {
    what: 'a phone that was signed off',
    of: { ...phone, device: { id: 'p2' } },
    expected: { skipReason: 'NO_ADDRESS' },
  },
  {
    what: 'a phone whose message is sent elsewhere now',
    of: { ...phone, device: { id: 'p2' } },
    by: { resend: { deliveries: ['dlv_1'], address: 'fcm:x', anew: false } },
    expected: { address: 'fcm:x' },
  },
  { what: 'an address of a profile', of: phone, expected: { address: 'old-token' } },
  {
    what: 'an inbox',
    of: { channel: 'IN_APP', address: undefined as never, content: undefined as never },
    expected: { user: 'ann', content: { body: 'edited' } },
  },
];

describe('planResend', () => {
  it.each(rows)('$what', ({ of, by, template: rendered, person, configured, expected }) => {
    const people = new Map(person === null ? [] : [['ann', person ?? ann]]);
    const [planned, ...more] = planResend(
      replay(by),
      [original(of)],
      new Map(rendered ? [[rendered.id, rendered]] : []),
      people,
      configured ?? all,
    );
    expect(more).toEqual([]);
    expect(planned).toMatchObject(expected);
    if (!('skipReason' in expected)) expect(planned?.skipReason).toBeUndefined();
  });
});

describe('needsWords', () => {
  it.each([
    [false, {}, {}],
    [true, { resend: { deliveries: [], anew: true } }, {}],
    [true, {}, { content: undefined as never }],
  ])('%s', (needed, by, of) => {
    expect(needsWords(replay(by), original(of))).toBe(needed);
  });
});

describe('nextResendPage', () => {
  it('takes the deliveries in pages', async () => {
    const deliveries = Array.from({ length: RESEND_PAGE + 1 }, (_, i) => `dlv_${i}`);
    const outbox = {
      originals: async (ids: readonly string[]) => ids.map((_id) => original({ _id, user: `of ${_id}` })),
    };
    const resend = { deliveries, anew: false };
    const first = await nextResendPage({ resend }, outbox);
    expect(first.originals).toHaveLength(RESEND_PAGE);
    expect(first.users).toHaveLength(RESEND_PAGE);
    expect(first.nextCursor).toBeDefined();
    const second = await nextResendPage({ resend, planCursor: first.nextCursor ?? '' }, outbox);
    expect(second.originals?.map((d) => d._id)).toEqual([`dlv_${RESEND_PAGE}`]);
    expect(second.nextCursor).toBeUndefined();
  });
});
