/** `herald pull`, `herald push` and `herald diff`: packages as files. */
import { join } from 'node:path';
import { type HeraldClient, HeraldRequestError } from '../../client/index.ts';
import type { Settings } from '../../platform/config/settings.ts';
import { fileName } from '../../platform/names/file-name.ts';
import { type ConnectionFlags, connect } from '../connection/find-herald.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import type {
  ExportPackageQuery,
  ImportPackageMutation,
  PackageIdsQuery,
  PublishPackageMutation,
} from '../generated/operations.ts';
import { plainText } from '../terminal/plain-text.ts';
import { EXPORT_PACKAGE, IMPORT_PACKAGE, PACKAGE_IDS, PUBLISH_PACKAGE } from './operations.ts';
import { packageFolders, readFolder, writeFolder } from './package-folder.ts';

export interface PackagesFlags extends ConnectionFlags {
  readonly dir: string;
  readonly json?: boolean;
}
export interface PushFlags extends PackagesFlags {
  readonly publish?: boolean;
  readonly note?: string;
}
/** All of a package's templates are checked before there is an answer. */
const PATIENT = { timeoutMs: 60_000 };
type Imported = ImportPackageMutation['importPackage'];

/**
 * Writes the drafts of packages, all of them where none is named, each into its folder of `dir`.
 * @throws CommandFailure, HeraldRequestError, HeraldConnectionError.
 */
export async function pull(
  ids: readonly string[],
  flags: PackagesFlags,
  settings: Settings,
  { stdout }: CommandContext,
): Promise<void> {
  const client = await connect(flags, settings, PATIENT);
  for (const id of ids.length > 0 ? ids : await allPackages(client)) {
    const { exportPackage } = await client.request<ExportPackageQuery>(EXPORT_PACKAGE, { id });
    const changed = await writeFolder(join(flags.dir, fileName(id)), exportPackage);
    stdout.write(
      flags.json
        ? `${JSON.stringify({ package: id, files: exportPackage.length, changed })}\n`
        : `${plainText(id)}: ${count(exportPackage.length, 'file')}, ${changed} changed\n`,
    );
  }
}

/**
 * Makes the drafts of packages what their folders say; with `publish` publishes each that has changed. All are tried
 * first, so that a mistake in the last one keeps back the first.
 * @throws CommandFailure when one has errors, HeraldRequestError, HeraldConnectionError.
 */
export async function push(
  ids: readonly string[],
  flags: PushFlags,
  settings: Settings,
  { stdout, stderr }: CommandContext,
): Promise<void> {
  const client = await connect(flags, settings, PATIENT);
  const inputs = await inputsOf(ids, flags.dir);
  let errors = 0;
  for (const input of inputs) {
    const { problems } = await importPackage(client, input, true);
    stderr.write(linesOf(input.id, problems));
    errors += problems.filter(({ severity }) => severity === 'ERROR').length;
  }
  // Drafts may be unfinished; what is to be published may not.
  if (flags.publish && errors > 0) throw new CommandFailure(`${count(errors, 'error')}: nothing was pushed.`);
  for (const input of inputs) {
    const { changes } = await importPackage(client, input, false);
    const published = flags.publish ? await publish(client, input.id, flags.note) : undefined;
    stdout.write(
      flags.json
        ? `${JSON.stringify({ package: input.id, changed: changes.length, ...(published !== undefined && { published }) })}\n`
        : `${plainText(input.id)}: ${count(changes.length, 'file')} changed${published === undefined ? '' : `, version ${published} published`}\n`,
    );
  }
}

/**
 * Shows what a push would change, and what is wrong then.
 * @returns files that differ.
 * @throws CommandFailure, HeraldRequestError, HeraldConnectionError.
 */
export async function diff(
  ids: readonly string[],
  flags: PackagesFlags,
  settings: Settings,
  { stdout, stderr }: CommandContext,
): Promise<number> {
  const client = await connect(flags, settings, PATIENT);
  let differences = 0;
  for (const input of await inputsOf(ids, flags.dir)) {
    const { changes, problems } = await importPackage(client, input, true);
    differences += changes.length;
    if (flags.json) stdout.write(`${JSON.stringify({ package: input.id, changes, problems })}\n`);
    else {
      for (const change of changes) stdout.write(patchOf(input.folder, change));
      stderr.write(linesOf(input.id, problems));
    }
  }
  return differences;
}

const linesOf = (id: string, problems: Imported['problems']): string =>
  problems
    .map(
      ({ severity, field, message }) =>
        `${plainText(id)}: ${severity} ${plainText(field)}: ${plainText(message)}\n`,
    )
    .join('');

interface FolderInput {
  readonly id: string;
  readonly folder: string;
  readonly files: Awaited<ReturnType<typeof readFolder>>;
}

async function inputsOf(ids: readonly string[], dir: string): Promise<FolderInput[]> {
  const folders = ids.length > 0 ? ids.map(fileName) : await packageFolders(dir);
  if (folders.length === 0)
    throw new CommandFailure(`There is no package in ${dir}; herald pull writes them.`);
  return Promise.all(
    folders.map(async (folder) => ({
      id: idOf(folder),
      folder,
      files: await readFolder(join(dir, folder)),
    })),
  );
}

function idOf(folder: string): string {
  try {
    return decodeURIComponent(folder);
  } catch {
    throw new CommandFailure(`The folder ${folder} has no name of a package.`);
  }
}

async function importPackage(
  client: HeraldClient,
  { id, files, folder }: FolderInput,
  dryRun: boolean,
): Promise<Imported> {
  try {
    const { importPackage: imported } = await client.request<ImportPackageMutation>(IMPORT_PACKAGE, {
      input: { id, files },
      dryRun,
    });
    return imported;
  } catch (error) {
    // The message begins with the file, from the package's folder.
    if (error instanceof HeraldRequestError && /^input\.files\.\d/.test(error.field ?? ''))
      throw new CommandFailure(`${folder}/${error.message}`, 1, { cause: error });
    throw error;
  }
}

/** @returns the version; the one that is published already where nothing has changed. */
async function publish(
  client: HeraldClient,
  id: string,
  note: string | undefined,
): Promise<number | undefined> {
  try {
    const { publishPackage } = await client.request<PublishPackageMutation>(PUBLISH_PACKAGE, { id, note });
    return publishPackage.publishedVersion ?? undefined;
  } catch (error) {
    if (error instanceof HeraldRequestError && error.code === 'BAD_USER_INPUT' && error.field === 'id')
      return undefined;
    throw error;
  }
}

async function allPackages(client: HeraldClient): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const { packages }: PackageIdsQuery = await client.request<PackageIdsQuery>(PACKAGE_IDS, { after });
    ids.push(...packages.nodes.map(({ id }) => id));
    after = packages.pageInfo.hasNextPage ? packages.pageInfo.endCursor : null;
  } while (after !== null);
  if (ids.length === 0) throw new CommandFailure('There is no package yet; savePackage makes one.');
  return ids;
}

/** With the package's folder in the names of files, and fit for a terminal. */
export const patchOf = (folder: string, { path, diff: text }: Imported['changes'][number]): string =>
  text
    .split('\n')
    .map((line, index) =>
      index < 2
        ? plainText(line.replace(`/${path}`, `/${folder}/${path}`))
        : line.split('\t').map(plainText).join('\t'),
    )
    .join('\n');

const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`;
