import { expect, it } from 'vitest';
import { reliabilityPage } from './page.ts';
import type { Row } from './row.ts';

const row: Row = {
  scenario: 'power-cut',
  title: 'Everything at once',
  seed: 1,
  sent: 1_200,
  acknowledged: 1_100,
  lost: 0,
  unexpected: 0,
  duplicated: 3,
  duplicatesAllowed: 7,
  p99Ms: { before: 12.4, during: 801, after: undefined },
  recoverySeconds: 2.25,
  failedRequests: 4,
  ends: { SENT: 1_100 },
  note: '7 in flight',
  problems: [],
};
const result = {
  rows: [row],
  skipped: [],
  engines: ['MongoDB: secantusd-rs', 'Redis: redis-server'],
  kept: undefined,
};
const page = (over: Partial<typeof result>) =>
  reliabilityPage({ ...result, ...over }, new Date('2026-11-21T09:00:00Z'), 61.4);

it('names the day, the engines and the sums, and has a row for each run', () => {
  const text = page({});
  expect(text).toContain('## 2026-11-21');
  expect(text).toContain('MongoDB: secantusd-rs; Redis: redis-server');
  expect(text).toContain('1 runs in 61 minutes: 1,200 messages sent, 1,100\nacknowledged, 0 lost');
  expect(text).toContain(
    '| Everything at once | 1 | 1200 | 1100 | 0 | 0 | 3 (7) | 12 / 801 / – | 2.3 | held; 7 in flight |',
  );
  expect(text).not.toContain('### Broken');
});

it('hides no broken run', () => {
  const text = page({ rows: [row, { ...row, seed: 2, lost: 1, problems: ['1 lost: x EMAIL (SENT)'] }] });
  expect(text).toContain('The promise was broken in 1 runs.');
  expect(text).toMatch(/\| BROKEN; 7 in flight \|/);
  expect(text).toContain('- Everything at once, seed 2: 1 lost: x EMAIL (SENT)');
});
