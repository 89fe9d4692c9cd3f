/**
 * Secrets that `npm start` makes at its first start and keeps in the data folder, for its owner alone. What the
 * settings give wins and is not kept.
 */
import { randomBytes } from 'node:crypto';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import webpush from 'web-push';
import { z } from 'zod';
import type { Settings } from '../config/settings.ts';
import { SETTINGS } from '../config/settings-table.ts';
import { readJsonFile, writeJsonFile } from '../data-services/json-file.ts';

/** The settings that have a generated value. */
export const GENERATED_SETTINGS = [
  'HERALD_ADMIN_KEY',
  'HERALD_DEMO_APP_KEY',
  'HERALD_JWT_SECRET',
  'HERALD_GATEWAY_SECRET',
  'HERALD_SECRET_KEY',
  'WEBHOOK_SIGNING_SECRET',
  'VAPID_PUBLIC_KEY',
  'VAPID_PRIVATE_KEY',
] as const;
export type GeneratedSetting = (typeof GENERATED_SETTINGS)[number];

export interface Secrets {
  /** A value for every generated setting: given, kept, or just made. */
  readonly values: Readonly<Record<GeneratedSetting, string>>;
  /** Those that were made by this call. */
  readonly made: readonly GeneratedSetting[];
}

/** An operator key: `ho_` and 32 random bytes, base64url. */
export const newOperatorKey = (): string => `ho_${randomBytes(32).toString('base64url')}`;
/** An API key: `hk_` and 32 random bytes, base64url. */
export const newApiKey = (): string => `hk_${randomBytes(32).toString('base64url')}`;

const secretsPath = (dataDir: string): string => join(dataDir, 'secrets.json');
const fileSchema = z.partialRecord(z.enum(GENERATED_SETTINGS), z.string());

/**
 * Completes the given settings with kept secrets, and with new ones, which are kept from then on.
 * @param dataDir an existing folder that no other process uses (see `DataFolderLock`).
 * @throws Error that names the file when it holds something else.
 */
export async function provideSecrets(
  dataDir: string,
  given: Pick<Settings, GeneratedSetting>,
): Promise<Secrets> {
  const path = secretsPath(dataDir);
  const kept = await readSecrets(dataDir);
  const made = newSecrets({ ...kept, ...defined(given) });
  const all = { ...kept, ...made };
  if (Object.keys(made).length > 0) await writeJsonFile(path, all, 0o600);
  return {
    values: { ...all, ...defined(given) } as Record<GeneratedSetting, string>,
    made: GENERATED_SETTINGS.filter((name) => name in made),
  };
}

/**
 * The kept secrets; none where there is no file. Readable by its owner alone from then on.
 * @throws Error that names the file, and the wrong secret, when it holds something else.
 */
export async function readSecrets(dataDir: string): Promise<Partial<Record<GeneratedSetting, string>>> {
  const path = secretsPath(dataDir);
  const kept = await readJsonFile(path, fileSchema);
  if (kept === undefined) return {};
  for (const name of GENERATED_SETTINGS) {
    const parsed = SETTINGS[name].schema.safeParse(kept[name]);
    if (!parsed.success)
      throw new Error(`${path}: ${name} ${parsed.error.issues.map((i) => i.message).join('; ')}`);
  }
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
  return kept;
}

/** Those that are missing in `present`. The two VAPID keys belong together. */
function newSecrets(
  present: Partial<Record<GeneratedSetting, string>>,
): Partial<Record<GeneratedSetting, string>> {
  const makers: Record<Exclude<GeneratedSetting, `VAPID_${string}`>, () => string> = {
    HERALD_ADMIN_KEY: newOperatorKey,
    HERALD_DEMO_APP_KEY: newApiKey,
    HERALD_JWT_SECRET: () => randomBytes(48).toString('base64url'),
    HERALD_GATEWAY_SECRET: () => randomBytes(32).toString('base64url'),
    HERALD_SECRET_KEY: () => randomBytes(32).toString('base64url'),
    WEBHOOK_SIGNING_SECRET: () => `whsec_${randomBytes(32).toString('base64')}`,
  };
  const made: Partial<Record<GeneratedSetting, string>> = {};
  for (const [name, make] of Object.entries(makers) as [keyof typeof makers, () => string][])
    if (present[name] === undefined) made[name] = make();
  if (present.VAPID_PUBLIC_KEY === undefined || present.VAPID_PRIVATE_KEY === undefined) {
    const { publicKey, privateKey } = webpush.generateVAPIDKeys();
    made.VAPID_PUBLIC_KEY = publicKey;
    made.VAPID_PRIVATE_KEY = privateKey;
  }
  return made;
}

const defined = (given: Pick<Settings, GeneratedSetting>): Partial<Record<GeneratedSetting, string>> =>
  Object.fromEntries(
    GENERATED_SETTINGS.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
