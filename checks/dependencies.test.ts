import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  compareVersions,
  dependencyProblems,
  FLOORS,
  type Lock,
  lockSchema,
  type Manifest,
  manifestSchema,
  missingOptionalPackages,
  recordedAddresses,
} from './dependencies.ts';

const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(resolve(import.meta.dirname, '..', name), 'utf8'));

const manifest = manifestSchema.parse(await read('package.json'));
const lock = lockSchema.parse(await read('package-lock.json'));

describe('the installed packages', () => {
  test('are new enough', () => {
    expect(dependencyProblems(manifest, lock)).toEqual([]);
  });

  test('come from the public registry', () => {
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(recordedAddresses(lock)).toEqual([]);
  });

  test('are in the lockfile for every platform', () => {
    expect(missingOptionalPackages(lock)).toEqual([]);
  });

  test('run an install script only where package.json says so', () => {
    const names = Object.entries(lock.packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(Object.keys(manifest.allowScripts).toSorted()).toEqual([...new Set(names)].toSorted());
    expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed)).toEqual([['node', true]]);
  });
});

describe('dependencyProblems', () => {
  const goodLock = (): Lock => ({
    packages: {
      ...Object.fromEntries(
        Object.entries(FLOORS).map(([name, version]) => [`node_modules/${name}`, { version }]),
      ),
      'node_modules/graphql': { version: '16.11.0' },
    },
  });
  const goodManifest: Manifest = { dependencies: { ws: '^8.21.0' }, devDependencies: {}, allowScripts: {} };

  test('finds nothing at the floors', () => {
    expect(dependencyProblems(goodManifest, goodLock())).toEqual([]);
  });

  test.each([
    ['node_modules/ws', '8.20.9', 'node_modules/ws is 8.20.9, below 8.21.0'],
    ['node_modules/a/node_modules/ws', '7.5.0', 'node_modules/a/node_modules/ws is 7.5.0, below 8.21.0'],
    ['node_modules/nodemailer', '10.0.4', 'node_modules/nodemailer is 10.0.4, below 10.0.5'],
    ['node_modules/bullmq', '6.3.3-beta.1', 'node_modules/bullmq is 6.3.3-beta.1, below 6.3.3'],
    ['node_modules/graphql', '17.0.0', 'graphql must be there once, as 16.x: node_modules/graphql 17.0.0'],
  ])('finds %s at %s', (path, version, problem) => {
    const planted = goodLock();
    planted.packages[path] = { version };
    expect(dependencyProblems(goodManifest, planted)).toEqual([problem]);
  });

  test('finds a second graphql, a missing package and a wide range', () => {
    const planted = goodLock();
    planted.packages['node_modules/a/node_modules/graphql'] = { version: '16.1.0' };
    delete planted.packages['node_modules/handlebars'];
    const wide = { ...goodManifest, dependencies: { ws: '^8.0.0' } };
    expect(dependencyProblems(wide, planted)).toEqual([
      'handlebars is not in the lockfile',
      'package.json allows ws ^8.0.0, below 8.21.0',
      expect.stringContaining('graphql must be there once'),
    ]);
  });

  test('recordedAddresses finds what names a registry', () => {
    const planted = goodLock();
    planted.packages['node_modules/ws'] = {
      version: '9.0.0',
      resolved: 'https://packages.example.com/ws.tgz',
    };
    expect(recordedAddresses(planted)).toEqual(['node_modules/ws: https://packages.example.com/ws.tgz']);
  });

  test('missingOptionalPackages looks where Node looks', () => {
    const optionalDependencies = { 'a-linux': '1.0.0', '@a/darwin': '1.0.0', 'a-win32': '1.0.0' };
    const planted: Lock = {
      packages: {
        '': {},
        'node_modules/@a/a': { optionalDependencies },
        'node_modules/b/node_modules/a': { optionalDependencies },
        'node_modules/a-linux': {},
        'node_modules/b/node_modules/@a/darwin': {},
        'node_modules/@a/a/node_modules/a-win32': {},
      },
    };
    expect(missingOptionalPackages(planted)).toEqual([
      '@a/darwin, of node_modules/@a/a',
      'a-win32, of node_modules/b/node_modules/a',
    ]);
  });

  test.each([
    ['1.2.3', '1.2.3', 0],
    ['1.2.10', '1.2.9', 1],
    ['^2.0.0', '10.0.0', -1],
    ['1.2.3-beta', '1.2.3', -1],
    ['~6.0', '6.0.0', 0],
  ])('compareVersions(%s, %s)', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});
