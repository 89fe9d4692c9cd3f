import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../../platform/config/settings.ts';
import { DataFolderLock } from '../../platform/data-services/data-folder-lock.ts';
import { provideSecrets } from '../../platform/secrets/secrets.ts';
import { findHerald } from './find-herald.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'herald-find-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});
const settings = (env: Record<string, string> = {}) => loadSettings({ HERALD_DATA_DIR: dataDir, ...env });
const KEY = 'hk_a-key-that-was-given';

describe('where nothing runs', () => {
  test.each([
    ['flags', { url: 'http://a.example', apiKey: KEY }, {}, 'http://a.example'],
    ['settings', {}, { HERALD_URL: 'http://a.example', HERALD_API_KEY: KEY }, 'http://a.example'],
    [
      'flags over settings',
      { url: 'http://b.example', apiKey: KEY },
      { HERALD_URL: 'http://a.example', HERALD_API_KEY: 'another-key-of-16' },
      'http://b.example',
    ],
    ['a key alone means this machine', { apiKey: KEY }, {}, 'http://127.0.0.1:4000'],
    ['at its port', { apiKey: KEY }, { PORT: '4711' }, 'http://127.0.0.1:4711'],
  ])('%s', async (_, flags, env, url) => {
    expect(await findHerald(flags, settings(env as Record<string, string>))).toEqual({ url, apiKey: KEY });
  });

  test.each([
    ['nothing given', {}, /^No Herald runs on .*Start it with npm start/],
    ['an address without a key', { url: 'http://a.example' }, /Set HERALD_API_KEY/],
    [
      'an address that is none',
      { url: 'a.example', apiKey: KEY },
      /--url: a\.example is no http: or https: URL/,
    ],
  ])('%s', async (_, flags, message) => {
    await expect(findHerald(flags, settings())).rejects.toThrow(message);
  });
});

test('beside a running one its address and operator key are known, and stay there', async () => {
  const lock = await DataFolderLock.acquire(dataDir);
  await lock.update({ url: 'http://127.0.0.1:4777' });
  const { values } = await provideSecrets(dataDir, settings());
  const local = { url: 'http://127.0.0.1:4777', apiKey: values.HERALD_ADMIN_KEY };
  expect(await findHerald({}, settings())).toEqual(local);
  expect(await findHerald({}, settings({ HERALD_ADMIN_KEY: 'ho_that-it-was-given' }))).toEqual({
    ...local,
    apiKey: 'ho_that-it-was-given',
  });
  expect(await findHerald({ apiKey: KEY }, settings())).toEqual({ ...local, apiKey: KEY });
  expect((await findHerald({ url: 'http://127.0.0.1:4777/graphql' }, settings())).apiKey).toBe(local.apiKey);
  await expect(findHerald({ url: 'http://elsewhere.example' }, settings())).rejects.toThrow(
    'Set HERALD_API_KEY',
  );
  await lock.release();
});
