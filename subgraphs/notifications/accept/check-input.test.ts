import { describe, expect, it } from 'vitest';
import { callersChain, inputProblem, type SendInput } from './check-input.ts';

const now = new Date('2026-01-01T12:00:00Z');
const good: SendInput = { content: { body: 'Hello' }, to: [{ user: 'ann' }] };
const later = (ms: number) => new Date(now.getTime() + ms);

describe('callersChain', () => {
  it('is the chain as it is stored, none, or what is wrong with it', () => {
    const fallback = [{ channels: ['EMAIL'] as const }, { channels: ['SMS'] as const, afterSeconds: 60 }];
    expect(callersChain({ fallback }, 'input')).toEqual([
      { channels: ['EMAIL'], unless: 'SENT' },
      { channels: ['SMS'], afterSeconds: 60, unless: 'SENT' },
    ]);
    expect(callersChain({}, 'input')).toBeUndefined();
    expect(callersChain({ fallback, channels: ['SMS'] }, 'inputs.1')).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'inputs.1.fallback.1.channels.0',
    });
  });
});

describe('inputProblem', () => {
  it.each<[string, SendInput]>([
    ['content to a user', good],
    ['a template to a group', { template: 't', to: [{ group: 'vip' }] }],
    ['a template to a segment', { template: 't', to: [{ segment: 'buyers' }] }],
    ['an event without recipients', { event: 'order.paid' }],
    ['an address with its channel', { ...good, to: [{ channel: 'EMAIL', address: 'ann@example.com' }] }],
    [
      'nulls for what is left out',
      {
        ...good,
        event: null,
        template: null,
        data: null,
        channels: null,
        sendAt: null,
        expiresAt: null,
        idempotencyKey: null,
      },
    ],
    ['a window', { ...good, sendAt: later(1_000), expiresAt: later(2_000) }],
    ['a path as link', { ...good, content: { body: 'x', url: '/orders/1' } }],
    ['as much as SMS takes', { ...good, channels: ['SMS'], content: { body: 'x'.repeat(1_600) } }],
    ['a long body for whatever channel', { ...good, content: { body: 'x'.repeat(60_000) } }],
    ['1,000 recipients', { ...good, to: Array.from({ length: 1_000 }, (_, i) => ({ user: `u${i}` })) }],
    ['data of 64 KiB', { ...good, data: { x: 'x'.repeat(64 * 1024 - 8) } }],
  ])('takes %s', (_what, input) => {
    expect(inputProblem(input, 'input', now)).toBeUndefined();
  });

  it.each<[string, SendInput, string, RegExp]>([
    ['nothing to say', { to: [{ user: 'ann' }] }, 'input', /none is there/],
    ['two of event, template, content', { ...good, template: 't' }, 'input.content', /template and content/],
    ['no recipient', { content: { body: 'x' } }, 'input.to', /at least one recipient/],
    ['an empty list of recipients', { ...good, to: [] }, 'input.to', /at least one recipient/],
    [
      '1,001 recipients',
      { ...good, to: Array.from({ length: 1_001 }, () => ({ user: 'u' })) },
      'input.to',
      /1001/,
    ],
    ['an empty recipient', { ...good, to: [{ user: 'ann' }, {}] }, 'input.to.1', /none is there/],
    [
      'a user and a group in one',
      { ...good, to: [{ user: 'ann', group: 'vip' }] },
      'input.to.0.group',
      /user and group/,
    ],
    [
      'a group and a segment in one',
      { ...good, to: [{ segment: 'buyers', group: 'vip' }] },
      'input.to.0.segment',
      /group and segment/,
    ],
    ['a wrong segment id', { ...good, to: [{ segment: 'a b' }] }, 'input.to.0.segment', /1 to 200/],
    [
      'an address without channel',
      { ...good, to: [{ address: 'ann@example.com' }] },
      'input.to.0.channel',
      /channel/,
    ],
    [
      'a channel without address',
      { ...good, to: [{ user: 'ann', channel: 'EMAIL' }] },
      'input.to.0.channel',
      /address only/,
    ],
    [
      'a bad e-mail address',
      { ...good, to: [{ channel: 'EMAIL', address: 'nobody' }] },
      'input.to.0.address',
      /./,
    ],
    ['a bad phone number', { ...good, to: [{ channel: 'SMS', address: '12' }] }, 'input.to.0.address', /./],
    [
      'an in-app address',
      { ...good, to: [{ channel: 'IN_APP', address: 'ann' }] },
      'input.to.0.address',
      /./,
    ],
    [
      'a browser by its address',
      { ...good, to: [{ channel: 'WEB_PUSH', address: 'https://push.example/1' }] },
      'input.to.0.channel',
      /registerPushSubscription/,
    ],
    ['no channels at all', { ...good, channels: [] }, 'input.channels', /at least one/],
    ['an expiry in the past', { ...good, expiresAt: later(-1) }, 'input.expiresAt', /future/],
    [
      'an expiry before the send',
      { ...good, sendAt: later(2_000), expiresAt: later(1_000) },
      'input.expiresAt',
      /after sendAt/,
    ],
    ['a send in two years', { ...good, sendAt: later(800 * 24 * 3600_000) }, 'input.sendAt', /366 days/],
    [
      'more than a channel that is named takes',
      { ...good, channels: ['EMAIL', 'SMS'], content: { title: 'T', body: 'x'.repeat(1_599) } },
      'input.content.body',
      /have 1601 characters; SMS takes at most 1600/,
    ],
    [
      'more than a step of the chain takes',
      {
        ...good,
        fallback: [{ channels: ['EMAIL'] }, { channels: ['SMS'] }],
        content: { body: 'x'.repeat(1_601) },
      },
      'input.content.body',
      /have 1601 characters; SMS takes at most 1600/,
    ],
    [
      'more than the channel of an address takes',
      { content: { body: 'é'.repeat(2_049) }, to: [{ channel: 'WECOM', address: 'ann' }] },
      'input.content.body',
      /have 4098 bytes; WECOM takes at most 4096/,
    ],
    ['an empty body', { ...good, content: { body: '  ' } }, 'input.content.body', /empty/],
    [
      'a script as link',
      { ...good, content: { body: 'x', url: 'javascript:alert(1)' } },
      'input.content.url',
      /http/,
    ],
    [
      'another host by a path',
      { ...good, content: { body: 'x', url: '//evil.example' } },
      'input.content.url',
      /http/,
    ],
    ...['/\\evil.example', '/\t/evil.example', '/a\nb'].map((url): [string, SendInput, string, RegExp] => [
      `another host by ${JSON.stringify(url)}`,
      { ...good, content: { body: 'x', url } },
      'input.content.url',
      /http/,
    ]),
    [
      'a name that BSON cannot have',
      { ...good, data: { x: { _bsontype: 'Long' } } },
      'input.data',
      /_bsontype/,
    ],
    [
      'a name with a null character',
      { ...good, content: { body: 'x', data: { 'a\0': 1 } } },
      'input.content.data',
      /u0000/,
    ],
    [
      'data too deep to be stored',
      { ...good, data: JSON.parse(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`) },
      'input.data',
      /64 levels/,
    ],
    ['half a character in a key', { ...good, idempotencyKey: '\ud83d' }, 'input.idempotencyKey', /Unicode/],
    ['half a character in an id', { ...good, to: [{ user: '\ud83d' }] }, 'input.to.0.user', /printable/],
    ['a category that no preference can name', { ...good, category: 'a b' }, 'input.category', /1 to 100/],
    ['data that is a list', { ...good, data: [1] }, 'input.data', /object/],
    ['data over 64 KiB', { ...good, data: { x: 'x'.repeat(64 * 1024) } }, 'input.data', /64 KiB/],
    ['an empty key', { ...good, idempotencyKey: '' }, 'input.idempotencyKey', /1 to 200/],
    [
      'a key of 201 characters',
      { ...good, idempotencyKey: 'x'.repeat(201) },
      'input.idempotencyKey',
      /1 to 200/,
    ],
    ['an id with a space', { ...good, to: [{ user: 'a b' }] }, 'input.to.0.user', /printable/],
  ])('refuses %s', (_what, input, field, message) => {
    const problem = inputProblem(input, 'input', now);
    expect(problem).toMatchObject({ code: 'BAD_USER_INPUT', field });
    expect(problem?.message).toMatch(message);
  });
});
