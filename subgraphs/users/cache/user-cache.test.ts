import { describe, expect, it } from 'vitest';
import type { Invalidation } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Recipient } from '../contract.ts';
import { GroupMembers } from './group-members.ts';
import { weightOf } from './recipient-weight.ts';
import { UserCache } from './user-cache.ts';

const recipient = (changes: Partial<Recipient> = {}): Recipient => ({
  workspace: 'w',
  id: 'ann',
  groups: [],
  attributes: {},
  addresses: [],
  preferences: [],
  preferredChannels: ['IN_APP'],
  devices: [],
  ...changes,
});

/** A cache and the hand on its bus. */
function open() {
  let live = true;
  let changed: (message: Invalidation) => void = () => undefined;
  let gap: () => void = () => undefined;
  const cache = new UserCache({
    get live() {
      return live;
    },
    onInvalidation(listener, onGap) {
      changed = listener;
      gap = onGap ?? gap;
    },
  });
  return {
    cache,
    changed: (key: string) => changed({ topic: 'user', key }),
    gap: () => gap(),
    setLive: (value: boolean) => {
      live = value;
    },
    /** All three kinds at once, of the user `w:ann` who is in `w:staff`. */
    keepAll(read = cache.beginRead()) {
      cache.keepKnown(read, ['w:ann']);
      cache.keepRecipient(read, 'w:ann', recipient(), 2);
      cache.keepMember(read, 'w:staff', 'w:ann');
      read.end();
    },
    remembers: () => ({
      known: cache.unknown(['w:ann']).length === 0,
      recipient: cache.recipient('w:ann') !== undefined,
      group: cache.hasMember('w:staff'),
    }),
  };
}
const ALL = { known: true, recipient: true, group: true };
const NOTHING = { known: false, recipient: false, group: false };

describe('UserCache', () => {
  it('remembers what was read', () => {
    const { keepAll, remembers } = open();
    expect(remembers()).toEqual(NOTHING);
    keepAll();
    expect(remembers()).toEqual(ALL);
  });

  it('forgets a user who was changed, and nobody else', () => {
    const { cache, keepAll, changed, remembers } = open();
    keepAll();
    const read = cache.beginRead();
    cache.keepKnown(read, ['w:bob']);
    changed('w:ann');
    expect(remembers()).toEqual(NOTHING);
    expect(cache.unknown(['w:ann', 'w:bob'])).toEqual(['w:ann']);
  });

  it.each<[string, (o: ReturnType<typeof open>) => void]>([
    ['the user was changed', (o) => o.changed('w:ann')],
    ['messages may have been missed', (o) => o.gap()],
  ])('does not keep what a read found that began before %s', (_what, happen) => {
    const opened = open();
    const read = opened.cache.beginRead();
    happen(opened);
    opened.keepAll(read);
    expect(opened.remembers()).toEqual(NOTHING);
    // One that begins now sees the change.
    opened.keepAll();
    expect(opened.remembers()).toEqual(ALL);
  });

  it('keeps what a read found while another user was changed', () => {
    const opened = open();
    const read = opened.cache.beginRead();
    opened.changed('w:bob');
    opened.keepAll(read);
    expect(opened.remembers()).toEqual(ALL);
  });

  it('of two reads, the older one does not put the old value back after the newer one', () => {
    const opened = open();
    const old = opened.cache.beginRead();
    opened.changed('w:ann');
    const fresh = opened.cache.beginRead();
    opened.cache.keepRecipient(fresh, 'w:ann', recipient({ name: 'new' }), 2);
    fresh.end();
    opened.cache.keepRecipient(old, 'w:ann', recipient({ name: 'old' }), 2);
    old.end();
    expect(opened.cache.recipient('w:ann')?.name).toBe('new');
  });

  it('answers nothing while the bus is not live', () => {
    const opened = open();
    opened.keepAll();
    opened.setLive(false);
    expect(opened.remembers()).toEqual(NOTHING);
    opened.setLive(true);
    expect(opened.remembers()).toEqual(ALL);
  });

  it('forgets everything when messages may have been missed', () => {
    const opened = open();
    opened.keepAll();
    opened.gap();
    expect(opened.remembers()).toEqual(NOTHING);
  });
});

describe('GroupMembers', () => {
  it('drops every group that a member stands for, and counts no more than the limit', () => {
    const groups = new GroupMembers(3, 60_000);
    groups.set('a', 'ann');
    groups.set('b', 'ann');
    groups.set('c', 'bob');
    groups.forgetMember('ann');
    expect(['a', 'b', 'c'].map((g) => groups.has(g))).toEqual([false, false, true]);
    for (const group of ['d', 'e', 'f']) groups.set(group, 'cat');
    expect(['c', 'd', 'e', 'f'].map((g) => groups.has(g))).toEqual([false, true, true, true]);
  });

  it('follows a group to its newer member', () => {
    const groups = new GroupMembers(3, 60_000);
    groups.set('a', 'ann');
    groups.set('a', 'bob');
    groups.forgetMember('ann');
    expect(groups.has('a')).toBe(true);
    groups.forgetMember('bob');
    expect(groups.has('a')).toBe(false);
  });
});

describe('weightOf', () => {
  it('grows with what callers gave', () => {
    const plain = weightOf(recipient(), 2);
    expect(weightOf(recipient(), 60_000)).toBeGreaterThan(plain + 200_000);
    expect(weightOf(recipient({ groups: Array(500).fill('g'.repeat(200)) }), 2)).toBeGreaterThan(
      plain + 500 * 200,
    );
  });
});
