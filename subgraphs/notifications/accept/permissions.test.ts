import { describe, expect, it } from 'vitest';
import type { AppPermissions } from '../../../platform/auth/principal.ts';
import type { SendInput } from './check-input.ts';
import { permissionProblem } from './permissions.ts';

const to = [{ user: 'ann' }];
const content = { body: 'x' };
const rows: [string, AppPermissions | undefined, SendInput, string | undefined][] = [
  ['everything without limits', undefined, { content, to }, undefined],
  ['nothing is limited', {}, { event: 'a', to }, undefined],
  ['an event by name', { events: ['order.paid'] }, { event: 'order.paid' }, undefined],
  ['an event by its beginning', { events: ['order.*'] }, { event: 'order.paid' }, undefined],
  ['another event', { events: ['order.*'] }, { event: 'user.created' }, 'input.event'],
  ['no event at all', { events: [] }, { event: 'user.created' }, 'input.event'],
  ['a template', { templates: ['a'] }, { template: 'b', to }, 'input.template'],
  ['a template, where events are limited', { events: [] }, { template: 'b', to }, undefined],
  ['its own words', { content: false }, { content, to }, 'input.content'],
  ['a channel', { channels: ['SMS'] }, { content, to, channels: ['SMS', 'EMAIL'] }, 'input.channels.1'],
  ['channels that it does not name', { channels: ['SMS'] }, { content, to }, 'input.channels'],
  ['an event on whatever channels', { channels: ['SMS'] }, { event: 'a', to }, undefined],
  [
    'an address',
    { channels: ['SMS'] },
    { content, to: [{ channel: 'EMAIL', address: 'a@b.c' }] },
    'input.to.0.channel',
  ],
  [
    'a step of a chain',
    { channels: ['SMS'] },
    { content, to, fallback: [{ channels: ['SMS'] }, { channels: ['EMAIL'] }] },
    'input.fallback.1.channels.0',
  ],
];

describe('permissionProblem', () => {
  it.each(rows)('%s', (_what, may, input, field) => {
    const problem = permissionProblem(may, input, 'input');
    expect(problem?.field).toBe(field);
    expect(problem?.code).toBe(field === undefined ? undefined : 'FORBIDDEN');
  });
});
