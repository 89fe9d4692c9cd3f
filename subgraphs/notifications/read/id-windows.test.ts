import { describe, expect, it } from 'vitest';
import { newId } from '../../../platform/names/ids.ts';
import { type IdWindow, windowsBefore } from './id-windows.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const isIn = (id: string, { $gte, $lt }: IdWindow) =>
  ($gte === undefined || id >= $gte) && ($lt === undefined || id < $lt);
const ids = [-60_000, 0, 1, 249, 250, 251, 5_000, 3_600_000, 86_400_000 * 30, 86_400_000 * 5_000].map((age) =>
  newId('ntf', NOW - age),
);

describe('windowsBefore', () => {
  it('has every id once, newer windows first', () => {
    const windows = [...windowsBefore(undefined, NOW)];
    expect(windows.length).toBeLessThan(20);
    const where = ids.map((id) => windows.flatMap((window, index) => (isIn(id, window) ? [index] : [])));
    expect(where.every((found) => found.length === 1)).toBe(true);
    const order = where.flat();
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBe(0);
    expect(order.at(-1)).toBe(windows.length - 1);
  });

  it.each([0, 2, 6, 9])('goes on after an id, number %i of the list', (index) => {
    const after = ids[index] ?? '';
    const windows = [...windowsBefore(after, NOW)];
    const counts = ids.map((id) => windows.filter((window) => isIn(id, window)).length);
    expect(counts).toEqual(ids.map((id) => (id < after ? 1 : 0)));
  });

  it('begins with the time of that id, not with now', () => {
    const [first] = windowsBefore(newId('ntf', NOW - 86_400_000), NOW);
    expect(isIn(newId('ntf', NOW - 86_400_000 - 100), first ?? {})).toBe(true);
  });

  it('of what is no id, still reaches all before it', () => {
    const windows = [...windowsBefore('ntf_zzz', NOW)];
    expect(ids.map((id) => windows.filter((window) => isIn(id, window)).length)).toEqual(ids.map(() => 1));
  });

  it.each(['ntf_0', '', 'a'])('of %j, nothing and no failure', (after) => {
    const windows = [...windowsBefore(after, NOW)];
    expect(ids.some((id) => windows.some((window) => isIn(id, window)))).toBe(false);
  });
});
