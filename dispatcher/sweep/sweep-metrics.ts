/** What the sweeper does, in numbers. What it ends and completes is counted where the store does it. */
import { Counter, Gauge, Histogram } from 'prom-client';
import { metricsRegistry } from '../../platform/http/metrics.ts';

export const sweepMetrics = {
  requeued: new Counter({
    name: 'herald_sweeper_requeued_total',
    help: 'Notifications and deliveries that were due and were put into a queue again.',
    labelNames: ['what'] as const,
    registers: [metricsRegistry],
  }),
  duration: new Histogram({
    name: 'herald_sweeper_round_duration_seconds',
    help: 'How long one round over all lanes takes.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
    registers: [metricsRegistry],
  }),
  turn: new Gauge({
    name: 'herald_sweeper_turn',
    help: 'Number of the election that this process sweeps by; 0 while another process does.',
    registers: [metricsRegistry],
  }),
  turnsLost: new Counter({
    name: 'herald_sweeper_turns_lost_total',
    help: 'Rounds that ended because another process had been elected meanwhile.',
    registers: [metricsRegistry],
  }),
};
