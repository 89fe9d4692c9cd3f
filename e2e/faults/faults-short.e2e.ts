/** The short form of the fault suite: no accepted message is lost when processes, data services and providers fail. */
import { expect, test } from 'vitest';
import { SCENARIOS } from '../../faults/scenarios/index.ts';
import { runSuite } from '../../faults/suite.ts';

const LONGEST_MS = 900_000;

test(
  'what was accepted is received once, or has another end that a person can see',
  async () => {
    const scenarios = SCENARIOS.filter(({ short }) => short);
    expect(scenarios.length).toBeGreaterThanOrEqual(6);
    const said: string[] = [];
    const { rows, skipped } = await runSuite({
      scenarios,
      seeds: [1],
      short: true,
      say: (text) => said.push(text),
    });
    expect(
      rows.flatMap(({ title, problems }) => problems.map((problem) => `${title}: ${problem}`)),
      said.join('\n'),
    ).toEqual([]);
    expect(rows.length + skipped.length).toBe(scenarios.length);
    for (const row of rows)
      expect(row, row.title).toMatchObject({ lost: 0, unexpected: 0, acknowledged: expect.any(Number) });
    // A run in which nothing was accepted would prove nothing.
    for (const { title, acknowledged } of rows) expect(acknowledged, title).toBeGreaterThan(150);
  },
  LONGEST_MS,
);
