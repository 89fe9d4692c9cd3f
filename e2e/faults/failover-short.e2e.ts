/** The short form of the suite of two accounts: what one of them cannot send, the other does, at once and once. */
import { expect, test } from 'vitest';
import { SCENARIOS } from '../../faults/failover/scenarios.ts';
import { runFailovers } from '../../faults/failover/suite.ts';

const LONGEST_MS = 600_000;

test(
  'refused credentials, an outage and a plea to wait of one account cost no message',
  async () => {
    const scenarios = SCENARIOS.filter(({ short }) => short);
    expect(scenarios.length).toBeGreaterThanOrEqual(3);
    const said: string[] = [];
    const { rows } = await runFailovers({ scenarios, short: true, say: (text) => said.push(text) });
    expect(
      rows.flatMap(({ title, problems }) => problems.map((problem) => `${title}: ${problem}`)),
      said.join('\n'),
    ).toEqual([]);
    expect(rows.length).toBe(scenarios.length);
  },
  LONGEST_MS,
);
