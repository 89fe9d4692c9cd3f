/** A real mongod by download, given up soon where nothing answers. */
import { fileURLToPath } from 'node:url';
import type { Environment } from '../config/environment.ts';
import { runCommand } from './command.ts';

/** Without an answer, or without progress, for this long: the next candidate's turn. */
export const DOWNLOAD_QUIET_MS = 5_000;
/** Unpacking says nothing. */
const UNPACK_MS = 30_000;
/** A line so slow that the whole takes longer is not waited for: the start screen is due within a minute. */
const DOWNLOAD_MS = 40_000;

/** The library's progress line: version, per cent, done and whole size. */
const PROGRESS = /^Downloading MongoDB "(.+)": ([\d.]+)% \(([\d.]+)mb \/ ([\d.]+)mb\)/;

/**
 * The path of a mongod, downloaded into `folder` unless it is there already.
 * @throws Error with a sentence that says why there is none.
 */
export async function downloadMongod(
  folder: string,
  env: Environment,
  onProgress: (text: string) => void,
): Promise<string> {
  const result = await runCommand(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('./download-mongod.ts', import.meta.url)),
      folder,
    ],
    {
      env: { MONGOMS_MAX_RETRIES: '1', ...env },
      timeoutMs: DOWNLOAD_MS,
      quietMs: (line) =>
        line !== undefined && PROGRESS.exec(line)?.[2] === '100' ? UNPACK_MS : DOWNLOAD_QUIET_MS,
      onLine: (line) => {
        const progress = PROGRESS.exec(line);
        if (progress) onProgress(`downloading mongod ${progress[1]}: ${progress[3]} of ${progress[4]} MB`);
      },
    },
  );
  if (!result.ok) throw new Error(`mongod could not be downloaded: ${failureText(result.message)}`);
  const path = /^mongod is (.+)$/m.exec(result.output)?.[1];
  if (path === undefined) throw new Error(`mongod could not be downloaded: ${result.output}`);
  return path;
}

/** The library's message names the whole URL; its host is enough. */
export const failureText = (message: string): string =>
  message.replace(/^Download failed for url "https?:\/\/([^/"]+)[^"]*".*$/, '$1 did not deliver it');
