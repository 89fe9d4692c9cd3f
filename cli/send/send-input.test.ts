import { expect, test } from 'vitest';
import type { CommandFailure } from '../failure.ts';
import { type SendFlags, sendInput } from './send-input.ts';

test.each<[string, SendFlags, object]>([
  [
    'a template',
    { to: ['u1', 'u2'], template: 't', data: '{"a":1}' },
    { to: [{ user: 'u1' }, { user: 'u2' }], template: 't', data: { a: 1 } },
  ],
  ['an event whose route knows the recipients', { event: 'order.paid' }, { event: 'order.paid' }],
  [
    'words of its own',
    { to: ['u'], body: 'B', title: 'T' },
    { to: [{ user: 'u' }], content: { body: 'B', title: 'T' } },
  ],
  [
    'groups and addresses',
    { group: ['g'], address: ['WEBHOOK:https://example.com:8443/x', 'email:a@b.c'], body: 'B' },
    {
      to: [
        { group: 'g' },
        { channel: 'WEBHOOK', address: 'https://example.com:8443/x' },
        { channel: 'EMAIL', address: 'a@b.c' },
      ],
      content: { body: 'B' },
    },
  ],
  [
    'everything else',
    {
      to: ['u'],
      body: 'B',
      channel: ['in-app', 'EMAIL'],
      priority: 'high',
      category: 'c',
      sendAt: 's',
      expiresAt: 'e',
      idempotencyKey: 'k',
    },
    {
      to: [{ user: 'u' }],
      content: { body: 'B' },
      channels: ['IN_APP', 'EMAIL'],
      priority: 'HIGH',
      category: 'c',
      sendAt: 's',
      expiresAt: 'e',
      idempotencyKey: 'k',
    },
  ],
])('%s', (_, flags, input) => {
  expect(sendInput(flags)).toEqual(input);
});

test.each<[string, SendFlags, RegExp]>([
  ['nothing to send', { to: ['u'] }, /one of --template, --event and --body/],
  ['two things to send', { to: ['u'], template: 't', body: 'b' }, /one of --template, --event and --body/],
  ['a title alone', { to: ['u'], template: 't', title: 'x' }, /--title goes with --body/],
  ['nobody', { template: 't' }, /Say to whom/],
  ['no JSON', { to: ['u'], template: 't', data: '{' }, /--data is no JSON/],
  [
    'no such channel',
    { to: ['u'], body: 'b', channel: ['fax'] },
    /--channel: there is no fax; it is one of IN_APP, /,
  ],
  ['no such priority', { to: ['u'], body: 'b', priority: 'now' }, /--priority: there is no now/],
  [
    'an address without a channel',
    { address: ['ada@example.com'], body: 'b' },
    /--address: write CHANNEL:ADDRESS/,
  ],
  ['an address of no channel', { address: ['fax:1'], body: 'b' }, /--address: there is no fax/],
])('wrong: %s', (_, flags, message) => {
  expect(() => sendInput(flags)).toThrow(message);
  try {
    sendInput(flags);
  } catch (error) {
    expect((error as CommandFailure).exitCode).toBe(2);
  }
});
