/** Reads the settings. Nothing else in the project reads `process.env`. */
import type { z } from 'zod';
import { SETTINGS } from './settings-table.ts';

/** What `loadSettings` returns: every setting, parsed, with its default. */
export type Settings = Readonly<{ [K in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[K]['schema']> }>;

/** All wrong settings at once: one sentence each, in `problems` and in the message. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Wrong settings:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Reads all settings from an environment. An empty value counts as unset.
 * @throws SettingsError with one sentence for each wrong setting, all at once; an unknown name that
 * starts with HERALD_ is wrong too.
 */
export function loadSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(SETTINGS)) {
    const raw = env[name] === '' ? undefined : env[name];
    const parsed = (spec.schema as z.ZodType).safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(
        `${name}: ${parsed.error.issues.map(withPath).join('; ')} (see the settings table in README.md)`,
      );
  }
  for (const name of Object.keys(env))
    if (name.startsWith('HERALD_') && !(name in SETTINGS))
      problems.push(`${name}: there is no such setting${nearest(name)}`);
  const settings = values as Settings;
  if (problems.length === 0) {
    if (Boolean(settings.VAPID_PUBLIC_KEY) !== Boolean(settings.VAPID_PRIVATE_KEY))
      problems.push('VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY: set both or neither');
    const { SEND_RETRY_BASE_MS, SEND_RETRY_MAX_MS } = settings;
    if (SEND_RETRY_BASE_MS && SEND_RETRY_MAX_MS && SEND_RETRY_MAX_MS < SEND_RETRY_BASE_MS)
      problems.push('SEND_RETRY_MAX_MS: must not be below SEND_RETRY_BASE_MS');
    if (settings.QUEUE_LIMIT_MEDIUM < settings.QUEUE_LIMIT_LOW)
      problems.push('QUEUE_LIMIT_MEDIUM: must not be below QUEUE_LIMIT_LOW');
    if (settings.QUEUE_LIMIT_HIGH < settings.QUEUE_LIMIT_MEDIUM)
      problems.push('QUEUE_LIMIT_HIGH: must not be below QUEUE_LIMIT_MEDIUM');
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(settings);
}

/** With where it is in a setting that has parts. */
const withPath = ({ path, message }: z.core.$ZodIssue): string =>
  path.length > 0 ? `${path.join('.')} ${message}` : message;

function nearest(name: string): string {
  const words = new Set(name.split('_'));
  const best = Object.keys(SETTINGS)
    .map((known) => ({ known, shared: known.split('_').filter((w) => words.has(w)).length }))
    .sort((a, b) => b.shared - a.shared)[0];
  return best && best.shared > 1 ? `; did you mean ${best.known}?` : '';
}
