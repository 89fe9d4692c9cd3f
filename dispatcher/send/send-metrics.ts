/** Metrics of the send step. */
import { Counter, Gauge, Histogram } from 'prom-client';
import { metricsRegistry } from '../../platform/http/metrics.ts';

export const attemptsTotal = new Counter({
  name: 'herald_send_attempts_total',
  help: 'Attempts by what became of them: accepted, retryable, rateLimited, permanent, invalidRecipient.',
  labelNames: ['channel', 'provider', 'outcome'] as const,
  registers: [metricsRegistry],
});

export const attemptSeconds = new Histogram({
  name: 'herald_send_attempt_duration_seconds',
  help: "Time of one attempt: the provider's.",
  labelNames: ['channel', 'provider'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
  registers: [metricsRegistry],
});

export const inFlight = new Gauge({
  name: 'herald_send_in_flight',
  help: 'Deliveries that hold a send slot.',
  labelNames: ['channel'] as const,
  registers: [metricsRegistry],
});

/** `lease`: the claim may have run out before the attempt. `record`: the outcome could not be stored. `plan`: nor could its plan. */
export const droppedTotal = new Counter({
  name: 'herald_send_dropped_total',
  help: 'Deliveries let go without a change, for another worker: lease (the claim may have run out before the attempt), record (the outcome could not be stored), plan (nor could its plan, which is made again).',
  labelNames: ['channel', 'reason'] as const,
  registers: [metricsRegistry],
});

export const breachesTotal = new Counter({
  name: 'herald_send_provider_breaches_total',
  help: 'Attempts in which a provider broke its contract: threw, or overran its time.',
  labelNames: ['channel', 'provider', 'breach'] as const,
  registers: [metricsRegistry],
});
