/** How one-time passwords fare: many refusals, or many wrong codes, are somebody who tries. */
import { Counter } from 'prom-client';
import { metricsRegistry } from '../../../platform/http/metrics.ts';

export const requestsTotal = new Counter({
  name: 'herald_otp_requests_total',
  help: 'Requests for one-time passwords: accepted, throttled (asked too often) or locked (after wrong codes).',
  labelNames: ['result'] as const,
  registers: [metricsRegistry],
});
export const verificationsTotal = new Counter({
  name: 'herald_otp_verifications_total',
  help: 'Codes that were told, by what came of them.',
  labelNames: ['status'] as const,
  registers: [metricsRegistry],
});
