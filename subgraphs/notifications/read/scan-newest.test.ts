import { describe, expect, it } from 'vitest';
import { merged, scanNewest, stretchOf } from './scan-newest.ts';

/** A list of numbers, the largest first. */
function list(size: number) {
  const items = Array.from({ length: size }, (_, index) => size - index);
  const reads: number[] = [];
  return {
    reads,
    read: async (after: string | undefined, limit: number) => {
      const page = items.filter((item) => after === undefined || item < Number(after)).slice(0, limit);
      reads.push(page.length);
      return stretchOf(page, limit);
    },
  };
}
const scan = (
  of: ReturnType<typeof list>,
  options: { size: number; after?: string; matches?: (item: number) => boolean; scanLimit?: number },
) => scanNewest({ read: of.read, positionOf: String, ...options });

describe('scanNewest', () => {
  it('without a filter reads the page and one more', async () => {
    const ten = list(10);
    expect(await scan(ten, { size: 3 })).toEqual({ found: [10, 9, 8], next: '8' });
    expect(ten.reads).toEqual([4]);
    expect(await scan(ten, { size: 3, after: '4' })).toEqual({ found: [3, 2, 1] });
    expect(await scan(list(0), { size: 3 })).toEqual({ found: [] });
  });

  it('goes on until the page is full, and there on the next page', async () => {
    const thousand = list(1_000);
    const matches = (item: number) => item % 400 === 0;
    const first = await scan(thousand, { size: 1, matches });
    expect(first).toEqual({ found: [800], next: '800' });
    expect(await scan(thousand, { size: 1, matches, after: '800' })).toEqual({ found: [400], next: '400' });
    expect(await scan(thousand, { size: 1, matches, after: '400' })).toEqual({ found: [] });
  });

  it('stops at the bound and says where', async () => {
    const many = list(5_000);
    const matches = (item: number) => item === 1;
    const first = await scan(many, { size: 5, matches, scanLimit: 1_200 });
    expect(first).toEqual({ found: [], next: '3801' });
    expect(many.reads).toEqual([500, 500, 200]);
    let position: string | undefined = first.next;
    let calls = 1;
    const found: number[] = [];
    while (position !== undefined) {
      const page = await scan(many, { size: 5, matches, scanLimit: 1_200, after: position });
      found.push(...page.found);
      position = page.next;
      calls += 1;
    }
    expect(found).toEqual([1]);
    expect(calls).toBe(5);
  });
});

describe('merged', () => {
  it.each<[string, [number[], boolean][], number[], boolean]>([
    ['nothing', [], [], true],
    [
      'lists that have ended',
      [
        [[9, 5], true],
        [[7], true],
      ],
      [9, 7, 5],
      true,
    ],
    [
      'one that goes on: below its end it may have something',
      [
        [[9, 5], false],
        [[7, 3], true],
      ],
      [9, 7, 5],
      false,
    ],
    [
      'two that go on: the higher end counts',
      [
        [[9, 5], false],
        [[8, 7], false],
      ],
      [9, 8, 7],
      false,
    ],
    [
      'one that is empty',
      [
        [[], true],
        [[7], false],
      ],
      [7],
      false,
    ],
  ])('%s', (_what, stretches, items, end) => {
    expect(
      merged(
        stretches.map(([own, ended]) => ({ items: own, end: ended })),
        String,
      ),
    ).toEqual({ items, end });
  });
});
