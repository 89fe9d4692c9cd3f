import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SETTINGS } from '../platform/config/settings-table.ts';
import { settingsTable, withSettingsTable } from '../scripts/settings-table.ts';

describe('the settings table', () => {
  test('of README.md is current (npm run generate)', async () => {
    const readme = await readFile(resolve(import.meta.dirname, '../README.md'), 'utf8');
    expect(readme).toBe(withSettingsTable(readme, settingsTable(SETTINGS)));
  });

  test('shows defaults as they are, or as the setting says', () => {
    const table = settingsTable({
      A: { schema: z.coerce.number().default(7), about: 'Seven.' },
      B: { schema: z.string().optional(), about: 'Nothing | something.' },
      C: { schema: z.array(z.string()).default([]), about: 'A list.', shownDefault: 'all of them' },
    });
    expect(table.split('\n').slice(2)).toEqual([
      '| `A` | `7` | Seven. |',
      '| `B` | none | Nothing \\| something. |',
      '| `C` | all of them | A list. |',
    ]);
  });

  test('a text that is not current is told apart', () => {
    const marks = '<!-- settings: written by npm run generate -->old<!-- /settings -->';
    expect(withSettingsTable(marks, 'new')).not.toBe(marks);
    expect(withSettingsTable(withSettingsTable(marks, 'new'), 'new')).toBe(withSettingsTable(marks, 'new'));
    expect(() => withSettingsTable('no marks', 'new')).toThrow('README.md lacks');
  });
});
