/** Receipts, for /metrics. */
import { Counter, Gauge } from 'prom-client';
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

export const receiptListening = new Gauge({
  name: 'herald_receipt_listener_up',
  help: 'Whether this process listens for receipts of an account: 1, or 0 where it cannot or another one does.',
  labelNames: ['account'] as const,
  registers: [metricsRegistry],
});

export const receiptListenerFailuresTotal = new Counter({
  name: 'herald_receipt_listener_failures_total',
  help: 'Times that a mailbox or connection which receipts come from was lost or could not be reached.',
  labelNames: ['account'] as const,
  registers: [metricsRegistry],
});
