/** A package's folder: its files, read and written. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { CommandFailure } from '../failure.ts';

export interface PackageFile {
  /** From the folder, with slashes: `templates/welcome.yaml`. */
  readonly path: string;
  readonly content: string;
}

/** What a package has in its folder. Anything else there is somebody's own, and neither read nor removed. */
const OURS =
  /^(package\.yaml|routes\/[^/]+\.yaml|partials\/[^/]+\.hbs|templates\/[^/]+(\.yaml|\/[A-Z_]+(\.[\w-]+)?\.(txt|md|html|mjml)))$/;

/** By path. @throws CommandFailure when there is no package in the folder. */
export async function readFolder(folder: string): Promise<PackageFile[]> {
  const paths = await pathsIn(folder);
  if (!paths.includes('package.yaml'))
    throw new CommandFailure(`There is no package in ${folder}: it has no package.yaml.`);
  return Promise.all(
    paths.map(async (path) => ({ path, content: await readFile(join(folder, ...path.split('/')), 'utf8') })),
  );
}

/**
 * Makes the folder have these files, and of its own kinds no others.
 * @returns files that were written or removed.
 * @throws CommandFailure for a file that would be outside of it.
 */
export async function writeFolder(folder: string, files: readonly PackageFile[]): Promise<number> {
  const wanted = new Map(files.map(({ path, content }) => [path, content]));
  for (const path of wanted.keys())
    if (!OURS.test(path) || path.split('/').includes('..'))
      throw new CommandFailure(`Herald answers with a file that no package has: ${JSON.stringify(path)}.`);
  let changed = 0;
  for (const path of await pathsIn(folder)) {
    const at = join(folder, ...path.split('/'));
    const content = wanted.get(path);
    if (content === undefined) {
      await rm(at);
      changed++;
    } else if ((await readFile(at, 'utf8')) === content) wanted.delete(path);
  }
  for (const [path, content] of wanted) {
    const at = join(folder, ...path.split('/'));
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, content);
    changed++;
  }
  return changed;
}

/** Folders in `dir` that have a package, by name. */
export async function packageFolders(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new CommandFailure(`There is no folder ${dir}.`, 2);
    throw error;
  });
  const folders: string[] = [];
  for (const entry of entries)
    if (entry.isDirectory() && (await pathsIn(join(dir, entry.name))).includes('package.yaml'))
      folders.push(entry.name);
  return folders.toSorted();
}

/** Of a package's files in a folder, by path; none where there is no folder. */
async function pathsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length).split(sep).join('/'))
    .filter((path) => OURS.test(path))
    .toSorted();
}
