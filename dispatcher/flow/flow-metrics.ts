/** Metrics of flow control. */
import { Counter, Gauge } from 'prom-client';
import { metricsRegistry } from '../../platform/http/metrics.ts';

/**
 * Why a delivery was put off untried. `circuit`: the breaker is open. `paused`: the provider asked to wait. `busy`: no
 * slot. `hours`: not at this time of the day. `expired`: it ends when it comes back. `closing`: the process ends.
 */
export type DeferReason = 'circuit' | 'paused' | 'rate' | 'quota' | 'busy' | 'hours' | 'expired' | 'closing';

export const deferredTotal = new Counter({
  name: 'herald_send_deferred_total',
  help: 'Deliveries put off untried, by reason: circuit (breaker open), paused (the provider asked to wait), rate, quota, busy (no slot), hours (not at this time of the day), expired, closing (the process ends).',
  labelNames: ['channel', 'reason'] as const,
  registers: [metricsRegistry],
});

export const circuitChanges = new Counter({
  name: 'herald_circuit_changes_total',
  help: 'Changes of circuit breakers that this process made, by the state they went into.',
  labelNames: ['provider', 'state'] as const,
  registers: [metricsRegistry],
});

/** A circuit as one process sees it. */
export interface CircuitSeen {
  readonly provider: string;
  /** `paused`: closed, but the provider asked to wait. */
  readonly state: 'closed' | 'open' | 'halfOpen' | 'paused';
}

/** Who keeps circuits in this process; read when metrics are. */
export const circuitSources = new Set<() => readonly CircuitSeen[]>();

const STATES = ['closed', 'open', 'halfOpen', 'paused'] as const;

new Gauge({
  name: 'herald_circuits',
  help: 'Circuit breakers by provider and state, as this process sees them (one per account, or per host of recipients).',
  labelNames: ['provider', 'state'] as const,
  registers: [metricsRegistry],
  collect() {
    this.reset();
    for (const source of circuitSources)
      for (const { provider, state } of source()) {
        // All states of a provider, so that one that has gone is 0 and not missing.
        for (const each of STATES) this.inc({ provider, state: each }, each === state ? 1 : 0);
      }
  },
});
