import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import webpush from 'web-push';
import { loadSettings } from '../config/settings.ts';
import { GENERATED_SETTINGS, provideSecrets, readSecrets } from './secrets.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'herald-secrets-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});
const file = () => join(dataDir, 'secrets.json');

test('the first start makes all, the next ones keep them', async () => {
  const first = await provideSecrets(dataDir, loadSettings({}));
  expect(first.made).toEqual(GENERATED_SETTINGS);
  expect(first.values.HERALD_ADMIN_KEY).toMatch(/^ho_[\w-]{43}$/);
  expect(first.values.HERALD_DEMO_APP_KEY).toMatch(/^hk_[\w-]{43}$/);
  const second = await provideSecrets(dataDir, loadSettings({}));
  expect(second).toEqual({ values: first.values, made: [] });
  expect(await readSecrets(dataDir)).toEqual(first.values);
});

test('what is made is accepted as settings, and by web push', async () => {
  const { values } = await provideSecrets(dataDir, loadSettings({}));
  expect(loadSettings(values)).toMatchObject(values);
  expect(() =>
    webpush.setVapidDetails('mailto:a@example.com', values.VAPID_PUBLIC_KEY, values.VAPID_PRIVATE_KEY),
  ).not.toThrow();
});

test('given ones win, and are not written down', async () => {
  const key = 'ho_an-operator-key-of-their-own';
  const first = await provideSecrets(dataDir, loadSettings({ HERALD_ADMIN_KEY: key }));
  expect(first.values.HERALD_ADMIN_KEY).toBe(key);
  expect(first.made).not.toContain('HERALD_ADMIN_KEY');
  expect(await readFile(file(), 'utf8')).not.toContain(key);
  const second = await provideSecrets(dataDir, loadSettings({}));
  expect(second.made).toEqual(['HERALD_ADMIN_KEY']);
  expect(second.values.HERALD_JWT_SECRET).toBe(first.values.HERALD_JWT_SECRET);
});

test('half of a key pair is of no use: both are made', async () => {
  const { values } = await provideSecrets(dataDir, loadSettings({}));
  const { VAPID_PRIVATE_KEY: _, ...rest } = values;
  await writeFile(file(), JSON.stringify(rest));
  const next = await provideSecrets(dataDir, loadSettings({}));
  expect(next.made).toEqual(['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY']);
  expect(next.values.VAPID_PUBLIC_KEY).not.toBe(values.VAPID_PUBLIC_KEY);
  expect(await readSecrets(dataDir)).toEqual(next.values);
});

test('the file is for its owner alone, also one that was opened up', async () => {
  await provideSecrets(dataDir, loadSettings({}));
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  await chmod(file(), 0o644);
  await provideSecrets(dataDir, loadSettings({}));
  expect((await stat(file())).mode & 0o777).toBe(0o600);
});

test.each([
  ['no JSON', '{', /secrets\.json cannot be understood/],
  ['another shape', '{"HERALD_ADMIN_KEY": 7}', /secrets\.json cannot be understood/],
  [
    'a secret that is too short',
    '{"HERALD_ADMIN_KEY": "short"}',
    /secrets\.json: HERALD_ADMIN_KEY must have at least 16 characters/,
  ],
])('a wrong file (%s) is an error, and stays as it is', async (_, text, message) => {
  await writeFile(file(), text);
  await expect(provideSecrets(dataDir, loadSettings({}))).rejects.toThrow(message);
  expect(await readFile(file(), 'utf8')).toBe(text);
});
