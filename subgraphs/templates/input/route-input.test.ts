import { describe, expect, test } from 'vitest';
import type { RouteInput, RouteRecipientInput } from '../generated/types.ts';
import { routeBody } from './route-input.ts';

const input = (changes: Partial<RouteInput>): RouteInput => ({
  event: 'order.paid',
  template: 'welcome',
  ...changes,
});
const recipient = (second: RouteRecipientInput): Partial<RouteInput> => ({
  recipients: [{ user: 'u1' }, second],
});

describe('routeBody', () => {
  test('fills in what is not given', () => {
    expect(
      routeBody(
        input({ channels: null, priority: null, category: null, delaySeconds: null, recipients: null }),
      ),
    ).toEqual({
      actions: [{ name: 'message', template: 'welcome', channels: [], recipients: [{ caller: true }] }],
      priority: 'MEDIUM',
      delaySeconds: 0,
      cancelOn: [],
      quietHours: 'HOLD',
      followUps: [],
    });
  });

  test('keeps what is given', () => {
    const body = routeBody(
      input({
        channels: ['SMS', 'EMAIL', 'SMS'],
        priority: 'HIGH',
        category: 'orders',
        delaySeconds: 2_592_000,
        recipients: [
          { user: 'u1', group: null },
          { group: 'g1' },
          { segment: ' s1 ' },
          { channel: 'EMAIL', address: ' a@example.com ' },
        ],
      }),
    );
    expect(body).toEqual({
      actions: [
        {
          name: 'message',
          template: 'welcome',
          channels: ['SMS', 'EMAIL'],
          recipients: [
            { caller: true },
            { user: 'u1' },
            { group: 'g1' },
            { segment: 's1' },
            { channel: 'EMAIL', address: 'a@example.com' },
          ],
        },
      ],
      priority: 'HIGH',
      category: 'orders',
      delaySeconds: 2_592_000,
      cancelOn: [],
      quietHours: 'HOLD',
      followUps: [],
    });
  });

  test.each<[string, Partial<RouteInput>, string, RegExp]>([
    ['an event with a line break', { event: 'a\nb' }, 'input.event', /printable/],
    ['a long event', { event: 'a'.repeat(201) }, 'input.event', /1 to 200/],
    ['an empty template', { template: '' }, 'input.template', /1 to 200/],
    ['a category with a space', { category: 'a b' }, 'input.category', /1 to 100/],
    ['a negative delay', { delaySeconds: -1 }, 'input.delaySeconds', /0 to 2592000/],
    ['a delay over 30 days', { delaySeconds: 2_592_001 }, 'input.delaySeconds', /30 days/],
    ['an empty recipient', recipient({}), 'input.recipients.1', /exactly one of/],
    ['user and group', recipient({ user: 'u', group: 'g' }), 'input.recipients.1', /exactly one of/],
    [
      'user and address',
      recipient({ user: 'u', channel: 'SMS', address: '+1' }),
      'input.recipients.1',
      /exactly one of/,
    ],
    [
      'a user with a channel',
      recipient({ user: 'u', channel: 'SMS' }),
      'input.recipients.1.channel',
      /goes with an address/,
    ],
    ['a channel alone', recipient({ channel: 'SMS' }), 'input.recipients.1', /exactly one of/],
    ['a wrong user id', recipient({ user: '' }), 'input.recipients.1.user', /1 to 200/],
    ['group and segment', recipient({ group: 'g', segment: 's' }), 'input.recipients.1', /exactly one of/],
    ['a wrong segment id', recipient({ segment: 'a b' }), 'input.recipients.1.segment', /1 to 200/],
    ['a wrong group id', recipient({ group: 'a b' }), 'input.recipients.1.group', /1 to 200/],
    [
      'an address without channel',
      recipient({ address: 'a@example.com' }),
      'input.recipients.1.channel',
      /needs its channel/,
    ],
    [
      'an address for IN_APP',
      recipient({ channel: 'IN_APP', address: 'x' }),
      'input.recipients.1.channel',
      /name the user/,
    ],
    [
      'an empty address',
      recipient({ channel: 'EMAIL', address: ' ' }),
      'input.recipients.1.address',
      /e-mail address/,
    ],
    [
      'a long address',
      recipient({ channel: 'WEBHOOK', address: `https://example.com/${'x'.repeat(2_048)}` }),
      'input.recipients.1.address',
      /at most 2048/,
    ],
    [
      'an address of another channel',
      recipient({ channel: 'SMS', address: 'a@example.com' }),
      'input.recipients.1.address',
      /E\.164/,
    ],
    [
      'a wrong address of an action',
      {
        template: null,
        actions: [
          { name: 'a', template: 't', recipients: [{ channel: 'WEBHOOK', address: 'file:///etc/passwd' }] },
        ],
      },
      'input.actions.0.recipients.0.address',
      /http or https/,
    ],
    [
      'a browser without its user',
      recipient({ channel: 'WEB_PUSH', addressFrom: 'a' }),
      'input.recipients.1.channel',
      /name the user/,
    ],
    [
      'too many recipients',
      { recipients: Array.from({ length: 1_001 }, () => ({ user: 'u' })) },
      'input.recipients',
      /use a group/,
    ],
    [
      'two ways to say what is sent',
      { actions: [{ name: 'a', template: 't' }] },
      'input.actions',
      /not both/,
    ],
    [
      'channels without a template',
      { template: null, channels: ['SMS'] },
      'input.channels',
      /Goes with `template`/,
    ],
    [
      'an action without a proper name',
      { template: null, actions: [{ name: 'The Customer', template: 't' }] },
      'input.actions.0.name',
      /lower-case/,
    ],
    [
      'two actions of one name',
      {
        template: null,
        actions: [
          { name: 'a', template: 't' },
          { name: 'a', template: 'u' },
        ],
      },
      'input.actions.1.name',
      /already/,
    ],
    [
      'an action with a wrong template',
      { template: null, actions: [{ name: 'a', template: '' }] },
      'input.actions.0.template',
      /1 to 200/,
    ],
    [
      'a condition that cannot be read',
      { template: null, actions: [{ name: 'a', template: 't', when: 'data.x >' }] },
      'input.actions.0.when',
      /Unexpected token/,
    ],
    [
      'a condition of recipients over what there is not',
      { template: null, actions: [{ name: 'a', template: 't', recipientWhen: 'person.x == 1' }] },
      'input.actions.0.recipientWhen',
      /Unknown variable: person/,
    ],
    ['a condition over users, who are not known', { when: 'user.locale == "de"' }, 'input.when', /user/],
    [
      'a path with a space',
      recipient({ userFrom: 'a b' }),
      'input.recipients.1.userFrom',
      /path in the data/,
    ],
    [
      'a path of addresses without a channel',
      recipient({ addressFrom: 'a' }),
      'input.recipients.1.channel',
      /needs its channel/,
    ],
    [
      'what cancels itself',
      { cancelOn: ['order.paid'], delaySeconds: 5 },
      'input.cancelOn.0',
      /cancel itself/,
    ],
    ['what cannot be cancelled', { cancelOn: ['order.sent'], key: 'id' }, 'input.delaySeconds', /at once/],
    ['what cancels without a key', { cancelOn: ['order.sent'], delaySeconds: 5 }, 'input.key', /cancelOn/],
    ['once without a key', { once: { windowSeconds: 5 } }, 'input.key', /once/],
    ['once for ever', { once: { windowSeconds: 9e9 }, key: 'id' }, 'input.once.windowSeconds', /30 days/],
    ['a throttle of none', { throttle: { max: 0, windowSeconds: 5 } }, 'input.throttle.max', /1 to 1000/],
    ['a digest of no time', { digest: {} }, 'input.digest', /exactly one/],
    ['a digest at noon, in words', { digest: { at: 'noon' } }, 'input.digest.at', /18:00/],
    ['a digest of a month', { digest: { windowSeconds: 2_592_000 } }, 'input.digest.windowSeconds', /7 days/],
    [
      'what brings itself about',
      { followUps: [{ event: 'order.paid' }] },
      'input.followUps.0.event',
      /itself/,
    ],
    ['an expiry of a second ago', { expiresAfterSeconds: -1 }, 'input.expiresAfterSeconds', /1 to/],
  ])('%s', (_, changes, field, message) => {
    expect(() => routeBody(input(changes))).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        field,
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });
});
