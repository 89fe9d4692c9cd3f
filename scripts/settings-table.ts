/** Writes the settings table of README.md from SETTINGS. `checks/settings-table.test.ts` sees that it is current. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { SETTINGS } from '../platform/config/settings-table.ts';

const README = resolve(import.meta.dirname, '../README.md');
const START = '<!-- settings: written by npm run generate -->';
const END = '<!-- /settings -->';

interface Spec {
  readonly schema: z.ZodType;
  readonly about: string;
  readonly shownDefault?: string;
}

/** The settings as a Markdown table, in the order of the code. */
export function settingsTable(settings: Readonly<Record<string, Spec>>): string {
  const rows = Object.entries(settings).map(
    ([name, spec]) => `| \`${name}\` | ${cell(shownDefault(spec))} | ${cell(spec.about)} |`,
  );
  return ['| Setting | Default | What it does |', '| --- | --- | --- |', ...rows].join('\n');
}

function shownDefault({ schema, shownDefault: shown }: Spec): string {
  if (shown !== undefined) return shown;
  const parsed = schema.safeParse(undefined);
  return parsed.success && parsed.data !== undefined ? `\`${parsed.data}\`` : 'none';
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** @throws Error when the text lacks the two marks between which the table stands. */
export function withSettingsTable(readme: string, table: string): string {
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`README.md lacks ${START} … ${END}`);
  return `${readme.slice(0, start + START.length)}\n\n${table}\n\n${readme.slice(end)}`;
}

if (import.meta.main) {
  await writeFile(README, withSettingsTable(await readFile(README, 'utf8'), settingsTable(SETTINGS)));
  console.log('wrote the settings table of README.md');
}
