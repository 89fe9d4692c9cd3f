import { describe, expect, it } from 'vitest';
import { judge } from '../../../platform/conditions/condition.ts';
import type { Recipient } from '../contract.ts';
import { userVariables, writtenUserVariables } from './user-variables.ts';

const now = new Date('2026-03-05T12:00:00Z');
const ann: Recipient = {
  workspace: 'w',
  id: 'ann',
  email: 'ann@example.org',
  groups: ['vip'],
  attributes: { tier: 'gold' },
  addresses: [],
  preferences: [],
  preferredChannels: ['IN_APP'],
  devices: [],
};
const active: Recipient = {
  ...ann,
  lastSeenAt: new Date('2026-03-02T12:00:00Z'),
  lastOpenedAt: new Date('2026-03-01T12:00:00Z'),
  counts: { opened: 7, clicked: 2, openedRecently: 3, clickedRecently: 0 },
};

describe('what conditions know of a person', () => {
  it.each<[condition: string, holdsForAnn: boolean, holdsForActive: boolean]>([
    ['user.attributes.tier == "gold" && "vip" in user.groups', true, true],
    ['has(user.name)', false, false],
    ['has(user.lastOpenedAt)', false, true],
    ['!has(user.lastSeenAt) || now - user.lastSeenAt > duration("720h")', true, false],
    ['now - user.lastOpenedAt < duration("168h")', false, true],
    ['user.lastSeenAt > timestamp("2026-03-01T00:00:00Z")', false, true],
    ['user.counts.opened >= 5 && user.counts.clickedRecently == 0', false, true],
    ['user.counts.openedRecently == 0', true, false],
  ])('%s', (condition, holdsForAnn, holdsForActive) => {
    const holds = (person: Recipient) => judge('user', condition, { now, user: userVariables(person) }).holds;
    expect([holds(ann), holds(active)]).toEqual([holdsForAnn, holdsForActive]);
  });
});

describe('what templates know of a person', () => {
  it('is the same, with times as text', () => {
    expect(writtenUserVariables(active)).toEqual({
      ...userVariables(active),
      lastSeenAt: '2026-03-02T12:00:00.000Z',
      lastOpenedAt: '2026-03-01T12:00:00.000Z',
    });
    expect(writtenUserVariables(ann)).toEqual(userVariables(ann));
    expect(writtenUserVariables(undefined)).toEqual({});
  });
});
