import { describe, expect, it } from 'vitest';
import type { Preference } from '../contract.ts';
import { withdrawn } from './withdrawn.ts';

const on = (preference: Partial<Preference>): Preference => ({ ...preference, enabled: true });
const off = (preference: Partial<Preference>): Preference => ({ ...preference, enabled: false });

describe('withdrawn', () => {
  it.each<[string, Preference[], string | undefined, Preference[]]>([
    ['of somebody who said nothing', [], 'news', [off({ category: 'news', channel: 'EMAIL' })]],
    [
      'of somebody who had allowed just that',
      [on({ category: 'news', channel: 'EMAIL' }), on({ category: 'news' })],
      'news',
      [on({ category: 'news' }), off({ category: 'news', channel: 'EMAIL' })],
    ],
    [
      'twice',
      [off({ category: 'news', channel: 'EMAIL' })],
      'news',
      [off({ category: 'news', channel: 'EMAIL' })],
    ],
    [
      'what is said of others stays',
      [off({ category: 'news', channel: 'SMS' }), on({ category: 'bills', channel: 'EMAIL' }), off({})],
      'news',
      [
        off({ category: 'news', channel: 'SMS' }),
        on({ category: 'bills', channel: 'EMAIL' }),
        off({}),
        off({ category: 'news', channel: 'EMAIL' }),
      ],
    ],
    ['of all categories', [], undefined, [off({ channel: 'EMAIL' })]],
    [
      'of all, also of those that were allowed by name',
      [on({ channel: 'EMAIL' }), on({ category: 'bills', channel: 'EMAIL' }), on({ category: 'news' })],
      undefined,
      [on({ category: 'news' }), off({ channel: 'EMAIL' }), off({ category: 'news', channel: 'EMAIL' })],
    ],
    [
      'of all, twice',
      [on({ category: 'news' }), off({ channel: 'EMAIL' }), off({ category: 'news', channel: 'EMAIL' })],
      undefined,
      [on({ category: 'news' }), off({ category: 'news', channel: 'EMAIL' }), off({ channel: 'EMAIL' })],
    ],
  ])('%s', (_what, before, category, after) => {
    expect(withdrawn(before, 'EMAIL', category)).toEqual(after);
  });
});
