/** How many dead letters this process wrote, by reason. */
import { Counter } from 'prom-client';
import { metricsRegistry } from '../../../platform/http/metrics.ts';
import type { FailedDelivery } from './insert-dead-letters.ts';

/** Reasons come from providers' folders: past this many different ones they are counted together. */
const MAX_REASONS = 30;
const reasons = new Set<string>();

const total = new Counter({
  name: 'herald_dead_letters_total',
  help: 'Deliveries that became FAILED, by the error code of their last attempt.',
  labelNames: ['reason'] as const,
  registers: [metricsRegistry],
});

/** Call it once their transaction has committed. */
export function countDeadLetters(failed: readonly FailedDelivery[]): void {
  for (const { code } of failed) total.inc({ reason: labelOf(code) });
}

function labelOf(code: string): string {
  if (reasons.has(code)) return code;
  if (reasons.size >= MAX_REASONS || !/^CHANNEL_[A-Z_]{1,40}$/.test(code)) return 'OTHER';
  reasons.add(code);
  return code;
}
