/** What the rules of routes did when notifications were planned, in numbers. */
import { Counter } from 'prom-client';
import { metricsRegistry } from '../../../platform/http/metrics.ts';

const outcomes = new Counter({
  name: 'herald_rule_outcomes_total',
  help: "What the rules of routes did at planning, by recipient: 'once', 'throttle' and 'quietHours' pass, skip or hold a message, 'digest' collects it.",
  labelNames: ['rule', 'outcome'] as const,
  registers: [metricsRegistry],
});

export function countOutcome(
  rule: 'once' | 'throttle' | 'quietHours' | 'digest',
  outcome: 'passed' | 'skipped' | 'held' | 'collected',
  count = 1,
): void {
  if (count > 0) outcomes.inc({ rule, outcome }, count);
}
