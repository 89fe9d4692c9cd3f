/** Receipts, for /metrics. */
import { Counter } from 'prom-client';
import { metricsRegistry } from '../../platform/http/metrics.ts';

export const receiptsTotal = new Counter({
  name: 'herald_receipts_total',
  help: 'Receipts of providers. result: applied, noted (it changes nothing any more), repeated, unknown (of no known message)',
  labelNames: ['account', 'kind', 'result'] as const,
  registers: [metricsRegistry],
});

export const receiptsRefusedTotal = new Counter({
  name: 'herald_receipt_requests_refused_total',
  help: 'Requests to receipt addresses that were refused. reason: unauthorized, malformed',
  labelNames: ['account', 'reason'] as const,
  registers: [metricsRegistry],
});
