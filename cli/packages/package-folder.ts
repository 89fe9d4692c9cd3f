/** A package's folder: its files, read and written. */
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
const OUR_FOLDERS = /^(templates|routes|partials)$/;
/** What would be a member, and left out is one that is to be removed. */
const NEARLY_OURS = /^(package|(routes|templates)\/[^/]+)\.yml$/;

/** By path. @throws CommandFailure when there is no package in the folder, or a file of it cannot be one of Herald's. */
export async function readFolder(folder: string): Promise<PackageFile[]> {
  const { paths, nearly } = await pathsIn(folder);
  if (nearly !== undefined)
    throw new CommandFailure(`${join(folder, nearly)}: its name must end with .yaml, not with .yml.`);
  if (!paths.includes('package.yaml'))
    throw new CommandFailure(`There is no package in ${folder}: it has no package.yaml.`);
  return Promise.all(
    paths.map(async (path) => {
      const at = join(folder, ...path.split('/'));
      return { path, content: textOf(at, await readFile(at)) };
    }),
  );
}

/** Without a byte order mark: it is of the file, not of what it says. */
function textOf(at: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommandFailure(`${at}: this is not UTF-8, as all files of a package are.`, 1, { cause });
  }
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
  for (const path of (await pathsIn(folder)).paths) {
    const at = join(folder, ...path.split('/'));
    const content = wanted.get(path);
    if (content === undefined) {
      await rm(at);
      changed++;
    } else if ((await readFile(at, 'utf8')) === content) wanted.delete(path);
  }
  for (const [path, content] of wanted) {
    const at = join(folder, ...path.split('/'));
    await makeFolder(dirname(at));
    await writeFile(at, content);
    changed++;
  }
  return changed;
}

/** As `mkdir` with `recursive`, which goes on for ever where a file system has no place for folders (/proc). */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder);
  }
}

/** Folders in `dir` that have a package, by name. */
export async function packageFolders(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new CommandFailure(`There is no folder ${dir}.`, 2);
    if (error.code === 'ENOTDIR') throw new CommandFailure(`${dir} is no folder.`, 2);
    throw error;
  });
  const folders: string[] = [];
  for (const name of names) if (await isThere(join(dir, name, 'package.yaml'))) folders.push(name);
  return folders.toSorted();
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
      throw error;
    },
  );

/**
 * Of a package's files in a folder, by path; none where there is no folder. `nearly`: one that is meant to be of them.
 * @throws CommandFailure for a link: not followed, its member would be removed; followed, it may lead anywhere.
 */
async function pathsIn(folder: string): Promise<{ readonly paths: string[]; readonly nearly?: string }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const placed = entries.map((entry) => {
    const path = join(entry.parentPath, entry.name).slice(join(folder, sep).length).split(sep).join('/');
    if (entry.isSymbolicLink() && (OURS.test(path) || OUR_FOLDERS.test(path)))
      throw new CommandFailure(`${join(folder, path)} is a link: put there what it leads to.`);
    return { path, isFile: entry.isFile() };
  });
  const files = placed.filter(({ isFile }) => isFile).map(({ path }) => path);
  const nearly = files.find((path) => NEARLY_OURS.test(path));
  return {
    paths: files.filter((path) => OURS.test(path)).toSorted(),
    ...(nearly !== undefined && { nearly }),
  };
}
