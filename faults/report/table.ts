/** The rows as a table for people. Pure. */
import type { Row } from './row.ts';

const ms = (value: number | undefined): string => (value === undefined ? '–' : String(Math.round(value)));

export const passed = (row: Row): boolean =>
  row.lost === 0 && row.unexpected === 0 && row.problems.length === 0;

const HEAD = [
  'Fault',
  'Seed',
  'Sent',
  'Acknowledged',
  'Lost',
  'Unexpected',
  'Duplicated (in flight)',
  'p99 before / during / after, ms',
  'Recovery, s',
  'Verdict',
];

const cells = (row: Row): readonly string[] => [
  row.title,
  String(row.seed),
  String(row.sent),
  String(row.acknowledged),
  String(row.lost),
  String(row.unexpected),
  `${row.duplicated} (${row.duplicatesAllowed})`,
  `${ms(row.p99Ms.before)} / ${ms(row.p99Ms.during)} / ${ms(row.p99Ms.after)}`,
  row.recoverySeconds === undefined ? '–' : row.recoverySeconds.toFixed(1),
  (passed(row) ? 'held' : 'BROKEN') + (row.note === undefined ? '' : `; ${row.note}`),
];

export const markdownTable = (rows: readonly Row[]): string =>
  [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map((line) => `| ${line.join(' | ')} |`).join('\n');

/** One line for the terminal. */
export function line(row: Row): string {
  const { p99Ms } = row;
  const figures = [
    `sent ${row.sent}`,
    `acknowledged ${row.acknowledged}`,
    `lost ${row.lost}`,
    `unexpected ${row.unexpected}`,
    `duplicated ${row.duplicated}/${row.duplicatesAllowed}`,
    `p99 ${ms(p99Ms.before)}/${ms(p99Ms.during)}/${ms(p99Ms.after)} ms`,
    `recovery ${row.recoverySeconds?.toFixed(1) ?? '–'} s`,
  ];
  return `${passed(row) ? '✓' : '✗'} ${row.title}, seed ${row.seed}: ${figures.join(', ')}${row.note ? ` (${row.note})` : ''}`;
}
