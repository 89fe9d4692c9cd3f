/** What the last long form came to, beside the code that measured it: the page is written from it. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FailoverReport } from './section.ts';

const FILE = resolve(import.meta.dirname, 'results.json');

/** @returns undefined where there are none. */
export async function readResults(): Promise<FailoverReport | undefined> {
  try {
    return JSON.parse(await readFile(FILE, 'utf8')) as FailoverReport;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export const writeResults = (report: FailoverReport): Promise<void> =>
  writeFile(FILE, `${JSON.stringify(report, null, 2)}\n`);
