/** Every scenario of two accounts, in the order of the report. */
import type { FailoverScenario } from './scenario.ts';
import { ASKED_TO_WAIT } from './scenarios/asked-to-wait.ts';
import { CREDENTIALS_REFUSED } from './scenarios/credentials-refused.ts';
import { BOTH_DOWN, OUTAGE, SILENCE } from './scenarios/outages.ts';
import { LIMITED_RATES } from './scenarios/rates.ts';
import { WEIGHTS } from './scenarios/weights.ts';

export const SCENARIOS: readonly FailoverScenario[] = [
  ...CREDENTIALS_REFUSED,
  OUTAGE,
  SILENCE,
  ASKED_TO_WAIT,
  ...LIMITED_RATES,
  BOTH_DOWN,
  WEIGHTS,
];
