import { describe, expect, it } from 'vitest';
import {
  isPosition,
  keyRange,
  listKeys,
  ofApp,
  ofNotification,
  ofWorkspace,
  positionOf,
} from './list-keys.ts';

const letter = (id: string, at: string, changes: { workspace?: string; app?: string } = {}) => ({
  _id: `dlv_${id}`,
  workspace: 'shop',
  app: 'app_1',
  notification: 'ntf_1',
  failedAt: new Date(at),
  ...changes,
});
const NOON = '2026-01-01T12:00:00.000Z';
const LATER = '2026-01-01T12:00:00.001Z';
const isIn = (key: string, range: { $gte: string; $lt: string }) => key >= range.$gte && key < range.$lt;

describe('keys of lists', () => {
  it('order by time, then by id', () => {
    const inOrder = [
      letter('b', '1970-01-01T00:00:00Z'),
      letter('a', NOON),
      letter('b', NOON),
      letter('a', LATER),
      letter('a', '2300-01-01T00:00:00Z'),
    ].map((l) => listKeys(l, 'OPEN').byWorkspace);
    expect(inOrder.toSorted()).toEqual(inOrder);
  });

  it('are in the range of their own list and state alone', () => {
    const keys = listKeys(letter('a', NOON), 'OPEN');
    expect(isIn(keys.byWorkspace, keyRange(ofWorkspace('shop'), 'OPEN'))).toBe(true);
    expect(isIn(keys.byApp, keyRange(ofApp('shop', 'app_1'), 'OPEN'))).toBe(true);
    expect(isIn(keys.byNotification, keyRange(ofNotification('ntf_1'), 'OPEN'))).toBe(true);
    for (const foreign of ['sho', 'shop-2', 'shopping'])
      expect(isIn(keys.byWorkspace, keyRange(ofWorkspace(foreign), 'OPEN'))).toBe(false);
    expect(isIn(keys.byApp, keyRange(ofApp('shop', 'app_'), 'OPEN'))).toBe(false);
    expect(isIn(keys.byWorkspace, keyRange(ofWorkspace('shop'), 'REPLAYED'))).toBe(false);
  });

  it('are cut by times and by the position to go on after', () => {
    const { byWorkspace } = listKeys(letter('a', NOON), 'OPEN');
    const within = (bounds: Parameters<typeof keyRange>[2]) =>
      isIn(byWorkspace, keyRange(ofWorkspace('shop'), 'OPEN', bounds));
    expect(within({ from: new Date(NOON) })).toBe(true);
    expect(within({ from: new Date(LATER) })).toBe(false);
    expect(within({ to: new Date(NOON) })).toBe(false);
    expect(within({ to: new Date(LATER) })).toBe(true);
    expect(within({ after: positionOf(letter('b', NOON)) })).toBe(true);
    expect(within({ after: positionOf(letter('a', NOON)) })).toBe(false);
    expect(within({ after: positionOf(letter('b', NOON)), to: new Date(NOON) })).toBe(false);
  });

  it.each([
    [positionOf(letter('01h', NOON)), true],
    ['ntf_1', false],
    ['', false],
    ['000000000000000|dlv_a|x', false],
  ])('tells positions from other texts: %s', (text, is) => {
    expect(isPosition(text)).toBe(is);
  });
});
