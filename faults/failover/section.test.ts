import { expect, test } from 'vitest';
import type { FailoverRow } from './run-scenario.ts';
import { failoverSection, HEADING, withSection } from './section.ts';

const row: FailoverRow = {
  scenario: 'x',
  title: 'One answers 401',
  about: 'For good.',
  ratePerSecond: 300,
  sent: 1_500,
  acknowledged: 1_500,
  figures: [
    { what: 'moved', value: 0.25, unit: 's', atMost: 3 },
    { what: 'lost', value: 0, unit: '', atMost: 0, atLeast: 0 },
    { what: 'share', value: 75.31, unit: '%', atLeast: 72, atMost: 78 },
    { what: 'p50', value: undefined, unit: 'ms' },
  ],
  problems: [],
};
const section = (over: Partial<FailoverRow> = {}) =>
  failoverSection({
    at: '2026-11-21T18:00:00.000Z',
    machine: '2 cores',
    engines: ['Redis: redis-server'],
    rows: [{ ...row, ...over }],
  });

test('has each figure with its bound, and names command, day and machine', () => {
  const text = section();
  for (const part of [
    'npm run test:failover -- --long',
    '2026-11-21, 2 cores; Redis: redis-server',
    '### One answers 401',
    'For good. 1,500 messages at 300/s.',
    '| moved | 0.25 s | ≤ 3 s |',
    '| lost | 0 | 0 |',
    '| share | 75.31 % | ≥ 72 %, ≤ 78 % |',
    '| p50 | – |  |',
  ])
    expect(text).toContain(part);
  expect(text).not.toContain('BROKEN');
});

test('hides no broken run', () => {
  expect(section({ problems: ['lost: 1'] })).toContain('BROKEN: lost: 1');
});

test('takes the place of the former section, wherever that is, and leaves the rest alone', () => {
  const page = '# Reliability\n\nText.\n\n## Day\n\nTable.\n';
  const once = withSection(page, section());
  expect(once).toBe(`${page}\n${section().trimEnd()}\n`);
  expect(withSection(once, section())).toBe(once);
  const between = withSection(`${once}\n## After\n\nMore.\n`, `${HEADING}\n\nNew.\n`);
  expect(between).toBe(`${page}\n${HEADING}\n\nNew.\n\n## After\n\nMore.\n`);
});
