/**
 * A new provider needs no other change: `herald new-provider` writes one into a copy of the checkout, where the checks
 * and the common suite of the providers pass at once. The checkout itself is only read.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
/** What the CLI, the dispatcher and the tools need. */
const COPIED = [
  ...['cli', 'client', 'dispatcher', 'platform', 'subgraphs', 'docs', 'testing'],
  ...[
    'package.json',
    'tsconfig.json',
    'biome.json',
    'vitest.config.ts',
    '.gitignore',
    '.dependency-cruiser.cjs',
  ],
];

let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'herald-new-provider-'));
  for (const name of COPIED)
    await cp(join(ROOT, name), join(copy, name), {
      recursive: true,
      filter: (path) => !/[/\\](node_modules|dist)$/.test(path),
    });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
}, 180_000);
afterAll(() => rm(copy, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly output: string;
}
/** Runs a program of the copy with this Node. */
const run = (...args: string[]): Promise<Ran> =>
  new Promise((done) => {
    // What the surrounding test run tells its processes is not for those of the copy.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/VITEST|NODE_ENV/.test(name)),
    );
    const options = { cwd: copy, env: { ...env, NO_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
const herald = (...args: string[]) => run('cli/bin.mjs', ...args);
const tool = (path: string, ...args: string[]) => run(join(copy, 'node_modules', path), ...args);
const passes = async (ran: Promise<Ran>) => expect(await ran).toMatchObject({ code: 0 });

const NEW = [
  ['acme-sms', '--channel', 'SMS,WHATSAPP', '--name', 'ACME (SMS)', '--receipts'],
  ['acme-mail-of-a-very-long-name', '--channel', 'EMAIL,QQ'],
  ['acme-push', '--channel', 'MOBILE_PUSH'],
] as const;
const IDS = NEW.map(([id]) => id);

describe('herald new-provider', () => {
  test('writes providers that run, with no other change', { timeout: 480_000 }, async () => {
    for (const args of NEW) await passes(herald('new-provider', ...args));
    const folders = IDS.map((id) => `dispatcher/channels/${id}`);

    await passes(tool('@biomejs/biome/bin/biome', 'ci', ...folders, 'dispatcher/channels/registry.ts'));
    const cruise = 'dependency-cruiser/bin/dependency-cruise.mjs';
    await passes(tool(cruise, '--config', '.dependency-cruiser.cjs', ...folders));
    await writeFile(
      join(copy, 'tsconfig.new.json'),
      JSON.stringify({ extends: './tsconfig.json', include: folders }),
    );
    await passes(tool('typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.new.json'));
    const suite = await tool(
      'vitest/vitest.mjs',
      ...['run', '--project', 'unit', 'dispatcher/channels/conformance.test.ts', ...folders],
      ...['--reporter', 'json', '-t', `${IDS.join('|')}|the registry`],
    );
    expect(suite).toMatchObject({ code: 0 });
    const ranOf = (id: string) => suite.output.split(`"fullName":"provider ${id} `).length - 1;
    for (const id of IDS) expect(ranOf(id)).toBeGreaterThan(10);

    const docs = await readFile(join(copy, 'docs/providers.md'), 'utf8');
    for (const heading of ['ACME (SMS)', 'Acme Mail Of A Very Long Name', 'Acme Push'])
      expect(docs).toContain(`\n\n## ${heading}\n\n`);
  });

  test.each([
    ['acme-new', 'FAX', 2, '--channel: there is no FAX'],
    ['twilio', 'SMS', 1, 'There is dispatcher/channels/twilio/ already'],
    ['network', 'SMS', 1, 'There is dispatcher/channels/network/ already'],
  ])('%s for %s is refused, and nothing written', async (id, channel, code, reason) => {
    const registry = join(copy, 'dispatcher/channels/registry.ts');
    const before = await readFile(registry, 'utf8');
    const ran = await herald('new-provider', id, '--channel', channel);
    expect(ran).toEqual({ code, output: expect.stringContaining(`herald: ${reason}`) });
    expect(await readFile(registry, 'utf8')).toBe(before);
  });

  test('needs a checkout', async () => {
    await rm(join(copy, 'docs'), { recursive: true });
    const ran = await herald('new-provider', 'acme-new', '--channel', 'SMS');
    expect(ran).toEqual({ code: 1, output: expect.stringContaining('it works in a checkout of Herald') });
  });
});
