import { expect, test } from 'vitest';
import { heirOf, listCommand, movedIndex } from './list-keys.ts';

const plain = { ctrlKey: false, metaKey: false, altKey: false, isComposing: false };

test.each([
  ['ArrowDown', 'next'],
  ['PageUp', 'previous'],
  ['Home', 'first'],
  ['End', 'last'],
  ['Enter', 'open'],
  ['r', 'read'],
  ['R', 'read'],
  ['u', 'unread'],
  ['e', 'archive'],
  ['Delete', 'archive'],
  ['x', undefined],
  ['Tab', undefined],
  ['toString', undefined],
] as const)('%s on a message: %s', (key, command) => {
  expect(listCommand({ ...plain, key }, false)).toBe(command);
});

test.each(['ctrlKey', 'metaKey', 'altKey', 'isComposing'] as const)('nothing with %s', (held) => {
  expect(listCommand({ ...plain, key: 'r', [held]: true }, false)).toBeUndefined();
});

test('a link or button in a message keeps Enter', () => {
  expect(listCommand({ ...plain, key: 'Enter' }, true)).toBeUndefined();
  expect(listCommand({ ...plain, key: 'ArrowDown' }, true)).toBe('next');
});

test.each([
  ['next', 0, 1],
  ['next', 2, 2],
  ['previous', 2, 1],
  ['previous', 0, 0],
  ['first', 2, 0],
  ['last', 0, 2],
] as const)('%s from %i of 3 is %i', (command, from, to) => {
  expect(movedIndex(command, from, 3)).toBe(to);
});

test.each([
  ['b', ['a', 'c'], 'c'],
  ['c', ['a', 'b'], 'b'],
  ['a', ['x', 'c'], 'c'],
  ['b', [], undefined],
  ['unknown', ['a'], undefined],
])('the place of %s among %j goes to %s', (gone, now, heir) => {
  expect(heirOf(gone, ['a', 'b', 'c'], new Set(now))).toBe(heir);
});
