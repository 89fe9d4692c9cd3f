import { describe, expect, it } from 'vitest';
import type { RecipientEntry } from '../../subgraphs/notifications/index.ts';
import type { SegmentPlace } from '../../subgraphs/users/index.ts';
import { GROUP_PAGE, nextPage, SEGMENT_PAGE } from './pages.ts';

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`);

/** Groups by name, and pages of segments by name and the user after whom they begin. */
const users = (groups: Record<string, string[]>, segments: Record<string, Record<string, string[]>> = {}) => {
  const asked: SegmentPlace[] = [];
  return {
    asked,
    groupMembers: async (_: string, group: string, after: string | undefined, limit: number) => {
      const all = groups[group] ?? [];
      return all.filter((id) => after === undefined || id > after).slice(0, limit);
    },
    segmentMembers: async (_: string, segment: string, from: SegmentPlace, limit: number) => {
      expect(limit).toBe(SEGMENT_PAGE);
      asked.push(from);
      const pages = segments[segment] ?? {};
      const places = Object.keys(pages);
      const place = from.after ?? '';
      const next = places[places.indexOf(place) + 1];
      return {
        users: pages[place] ?? [],
        ...(next !== undefined && { next: { after: next, when: `condition of ${segment}` } }),
      };
    },
  };
};

async function allPages(to: readonly RecipientEntry[], from: ReturnType<typeof users>) {
  const pages: (readonly string[])[] = [];
  let planCursor: string | undefined;
  do {
    const record = { workspace: 'w', to, ...(planCursor !== undefined && { planCursor }) };
    const page = await nextPage(record, from);
    pages.push([...page.users, ...page.addresses.map(({ address }) => address ?? '')]);
    planCursor = page.nextCursor;
  } while (planCursor !== undefined && pages.length < 50);
  return pages;
}

describe('pages of recipients', () => {
  it.each<[what: string, to: RecipientEntry[], pages: string[][]]>([
    ['users and addresses', [{ user: 'a' }, { channel: 'SMS', address: '+1' }, { user: 'a' }], [['a', '+1']]],
    ['nobody', [], [[]]],
    ['a group', [{ user: 'a' }, { group: 'g' }], [['a'], ['x', 'y']]],
    ['an empty group before another one', [{ group: 'none' }, { group: 'g' }], [[], [], ['x', 'y']]],
    ['a segment that has members at its end', [{ segment: 's' }], [[], ['b'], [], ['c', 'd']]],
    ['one that is not there', [{ segment: 'gone' }], [[], []]],
    [
      'segments after groups, each once',
      [{ segment: 's' }, { group: 'g' }, { segment: 's' }, { segment: 't' }],
      [[], ['x', 'y'], ['b'], [], ['c', 'd'], ['e']],
    ],
  ])('%s', async (_, to, pages) => {
    const from = users({ g: ['x', 'y'] }, { s: { '': ['b'], k: [], q: ['c', 'd'] }, t: { '': ['e'] } });
    expect(await allPages(to, from)).toEqual(pages);
  });

  it('go through a large group', async () => {
    const all = names('m', GROUP_PAGE + 1);
    const pages = await allPages([{ group: 'g' }, { group: 'h' }], users({ g: all, h: ['z'] }));
    expect(pages.map((page) => page.length)).toEqual([0, GROUP_PAGE, 1, 1]);
    expect(pages.flat()).toEqual([...all, 'z']);
  });

  it('ask for all of a segment by the condition that it had at the first one', async () => {
    const from = users({}, { s: { '': [], k: [], q: [] } });
    await allPages([{ segment: 's' }], from);
    const when = 'condition of s';
    expect(from.asked).toEqual([{}, { after: 'k', when }, { after: 'q', when }]);
  });
});
