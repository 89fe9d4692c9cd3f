/** What differs between two sets of texts, as people and `patch` read it. */
import { createTwoFilesPatch } from 'diff';

export interface TextDiff {
  /** Which text. */
  readonly path: string;
  readonly change: 'ADDED' | 'CHANGED' | 'REMOVED';
  /** Unified, with three lines around each change. */
  readonly diff: string;
}

/** Texts by path. */
export type Texts = ReadonlyMap<string, string>;

/** Comparing costs lines times differences: beyond these bounds one text is shown as replaced by the other. */
const MAX_EDITS = 4_000;
const MAX_MS = 200;

/** Those that differ, by path. Other requests get their turn between two of them. */
export async function textDiffs(before: Texts, after: Texts): Promise<TextDiff[]> {
  const diffs: TextDiff[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].toSorted()) {
    const [from, to] = [before.get(path), after.get(path)];
    if (from === to) continue;
    await new Promise((resolve) => setImmediate(resolve));
    const change = from === undefined ? 'ADDED' : to === undefined ? 'REMOVED' : 'CHANGED';
    diffs.push({ path, change, diff: unifiedDiff(path, from, to) });
  }
  return diffs;
}

function unifiedDiff(path: string, from: string | undefined, to: string | undefined): string {
  const names = [
    from === undefined ? '/dev/null' : `a/${path}`,
    to === undefined ? '/dev/null' : `b/${path}`,
  ] as const;
  const patch = createTwoFilesPatch(...names, from ?? '', to ?? '', undefined, undefined, {
    context: 3,
    maxEditLength: MAX_EDITS,
    timeout: MAX_MS,
  });
  if (patch === undefined) return replaced(names, from ?? '', to ?? '');
  return patch.replace(/^=+\n/, '');
}

function replaced([before, after]: readonly [string, string], from: string, to: string): string {
  const [old, fresh] = [lines(from), lines(to)];
  return [
    `--- ${before}`,
    `+++ ${after}`,
    `@@ -1,${old.length} +1,${fresh.length} @@`,
    ...old.map((line) => `-${line}`),
    ...fresh.map((line) => `+${line}`),
    '',
  ].join('\n');
}

const lines = (text: string): string[] => text.replace(/\n$/, '').split('\n');
