/** `herald new-provider`: writes a provider that runs at once, for a vendor's facts to be put in. */
import { spawn } from 'node:child_process';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../failure.ts';
import type { Output } from '../start/progress.ts';
import { type NewProviderFlags, newProvider } from './new-provider-plan.ts';
import { providerFiles, withDocsSection } from './provider-files.ts';
import { hasProvider, identifierIn, withProvider } from './registry-edit.ts';

/** Where this Herald's own sources are. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CHANNELS_FOLDER = 'dispatcher/channels';
const REGISTRY = `${CHANNELS_FOLDER}/registry.ts`;
const DOCS = 'docs/providers.md';
/** What a checkout has and an installed Herald (the container image) has not. */
const OF_A_CHECKOUT = [REGISTRY, DOCS, `${CHANNELS_FOLDER}/conformance.test.ts`];

/**
 * Writes the provider's folder, its line in the registry and its section in docs/providers.md. Nothing is written
 * where something of it is wrong.
 * @param root of the checkout; this Herald's own without it.
 * @throws CommandFailure that says what is wrong.
 */
export async function createProviderFolder(
  id: string,
  flags: NewProviderFlags,
  output: Output,
  root = ROOT,
): Promise<void> {
  const wanted = newProvider(id, flags);
  const [registry = '', docs = ''] = await readCheckout(root);
  const folder = `${CHANNELS_FOLDER}/${id}`;
  if (hasProvider(registry, id) || (await exists(join(root, folder))))
    throw new CommandFailure(`There is ${folder}/ already: give the new provider another id.`);
  const provider = { ...wanted, identifier: identifierIn(registry, wanted) };
  const newRegistry = withProvider(registry, provider);
  if (newRegistry === undefined)
    throw new CommandFailure(
      `${REGISTRY} has no list of providers as this command knows it: add the provider by hand (docs/add-a-provider.md).`,
    );
  const files = await providerFiles(provider);
  const newDocs = await withDocsSection(docs, provider);

  await mkdir(join(root, folder));
  for (const { name, content } of files) await writeFile(join(root, folder, name), content, { flag: 'wx' });
  await writeFile(join(root, REGISTRY), newRegistry);
  await writeFile(join(root, DOCS), newDocs);
  const formatted = await format(root, [folder, REGISTRY]);

  output.write(
    [
      ...files.map(({ name }) => `${folder}/${name}`),
      `${REGISTRY}: its import and its line`,
      `${DOCS}: its section`,
      ...(formatted ? [] : ['', 'The files could not be formatted: run npm run format.']),
      '',
      `${provider.name} runs against a fake of its own:`,
      `  npx vitest run ${CHANNELS_FOLDER} -t ${id}`,
      `Each note "Vendor:" is a place for what its documentation says:`,
      `  grep -rn Vendor: ${folder}`,
      'docs/add-a-provider.md tells the rest.',
      '',
    ].join('\n'),
  );
}

async function readCheckout(root: string): Promise<string[]> {
  try {
    return await Promise.all(OF_A_CHECKOUT.map((path) => readFile(join(root, path), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CommandFailure(
      `herald new-provider writes source files: it works in a checkout of Herald (git clone, then npm ci), and ${root} is none.`,
      1,
      { cause: error },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** As `npm run format`, for these paths alone: a long name breaks lines. False where Biome is not installed, or fails. */
function format(root: string, paths: readonly string[]): Promise<boolean> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  return new Promise((done) => {
    const child = spawn(process.execPath, [biome, 'check', '--write', ...paths], {
      cwd: root,
      stdio: 'ignore',
    });
    child.on('error', () => done(false));
    child.on('close', (code) => done(code === 0));
  });
}
