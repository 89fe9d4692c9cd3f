import { describe, expect, it } from 'vitest';
import { type Look, recoverySeconds } from './watch.ts';

/** A look each second from 10 s on: `.` caught up, `x` not. */
const looks = (text: string): Look[] =>
  [...text].map((sign, index) => ({ at: 10_000 + index * 1_000, caughtUp: sign === '.' }));

describe('recoverySeconds', () => {
  it.each<[what: string, looks: string, slowAt: readonly number[], seconds: number | undefined]>([
    ['normal all along', '........', [], 0],
    ['a backlog for three seconds', 'xxxx....', [], 3],
    ['a backlog that shows two seconds later', '..xxx....', [], 4],
    ['a hiccup long after', '...........x..', [], 0],
    ['slow answers alone', '........', [10_500, 12_500], 2.5],
    ['what was slow before does not count', '........', [2_000, 9_999], 0],
    ['never again', 'xxxxxxx', [], undefined],
    ['nothing was seen', '', [], 0],
  ])('%s', (_what, text, slowAt, seconds) => {
    expect(recoverySeconds(looks(text), 10_000, slowAt)).toBe(seconds);
  });
});
