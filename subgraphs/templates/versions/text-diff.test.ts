import { describe, expect, test } from 'vitest';
import { textDiffs } from './text-diff.ts';

const diffs = (before: Record<string, string>, after: Record<string, string>) =>
  textDiffs(new Map(Object.entries(before)), new Map(Object.entries(after)));

describe('textDiffs', () => {
  test('by path; what is the same is left out', async () => {
    expect(await diffs({ same: 'x', b: 'old\n', gone: 'x' }, { same: 'x', b: 'new\n', a: 'fresh' })).toEqual([
      {
        path: 'a',
        change: 'ADDED',
        diff: '--- /dev/null\n+++ b/a\n@@ -0,0 +1,1 @@\n+fresh\n\\ No newline at end of file\n',
      },
      { path: 'b', change: 'CHANGED', diff: '--- a/b\n+++ b/b\n@@ -1,1 +1,1 @@\n-old\n+new\n' },
      {
        path: 'gone',
        change: 'REMOVED',
        diff: '--- a/gone\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n\\ No newline at end of file\n',
      },
    ]);
  });

  test('two long texts that have nothing in common cost no more than a moment', async () => {
    const lines = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word} ${i}`).join('\n');
    const begun = performance.now();
    const [diff] = await diffs({ a: lines('old') }, { a: lines('new') });
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(diff?.diff).toContain('@@ -1,20000 +1,20000 @@\n-old 0\n');
    expect(diff?.diff).toContain('\n+new 19999\n');
  });
});
