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
      template: 'welcome',
      channels: [],
      priority: 'MEDIUM',
      delaySeconds: 0,
      recipients: [],
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
          { channel: 'EMAIL', address: ' a@example.com ' },
        ],
      }),
    );
    expect(body).toEqual({
      template: 'welcome',
      channels: ['SMS', 'EMAIL'],
      priority: 'HIGH',
      category: 'orders',
      delaySeconds: 2_592_000,
      recipients: [{ user: 'u1' }, { group: 'g1' }, { channel: 'EMAIL', address: 'a@example.com' }],
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
      /1 to 2048/,
    ],
    [
      'a long address',
      recipient({ channel: 'WEBHOOK', address: 'x'.repeat(2_049) }),
      'input.recipients.1.address',
      /1 to 2048/,
    ],
    [
      'too many recipients',
      { recipients: Array.from({ length: 1_001 }, () => ({ user: 'u' })) },
      'input.recipients',
      /use a group/,
    ],
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
