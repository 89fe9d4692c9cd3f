import { readFile } from 'node:fs/promises';

/** The entries of a journal; a last line that a kill has cut off was never synced and is left out. */
export async function readJournal<T>(path: string): Promise<T[]> {
  const text = await readFile(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
