/** Which accounts a delivery may go through, best first. Pure. */
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';

/** Failures that are an account's own: another account may do better with the same message. */
const OWN_FAILURES: ReadonlySet<string> = new Set([
  'CHANNEL_UNAUTHORIZED',
  'CHANNEL_MISCONFIGURED',
  'CHANNEL_CONNECTION_FAILED',
  'CHANNEL_PROVIDER_UNAVAILABLE',
  'CHANNEL_TIMEOUT',
  'CHANNEL_RATE_LIMITED',
  'CHANNEL_UNEXPECTED_ANSWER',
]);

type Candidate = Pick<ConfiguredProvider, 'id'> & {
  readonly definition: Pick<ConfiguredProvider['definition'], 'takes'>;
};

/**
 * Those that take the delivery's address, in their order; those that have failed it for reasons of their own come
 * last, the one that failed it longest ago first among them.
 */
export function suitableAccounts<A extends Candidate>(
  accounts: readonly A[],
  { address = '', attempts }: Pick<DeliveryRecord, 'address' | 'attempts'>,
): readonly A[] {
  const taking = accounts.filter(({ definition }) => definition.takes?.(address) ?? true);
  if (taking.length < 2) return taking;
  const failedAt = ownFailures(attempts);
  return taking.toSorted((a, b) => (failedAt.get(a.id) ?? -1) - (failedAt.get(b.id) ?? -1));
}

/** Whether there is an account that this delivery has not failed at yet. */
export const hasUntried = (
  accounts: readonly Candidate[],
  delivery: Pick<DeliveryRecord, 'address' | 'attempts'>,
): boolean => {
  const failed = ownFailures(delivery.attempts);
  return suitableAccounts(accounts, delivery).some(({ id }) => !failed.has(id));
};

/** By account: the number of the last attempt that it failed for reasons of its own. */
function ownFailures(attempts: DeliveryRecord['attempts']): ReadonlyMap<string, number> {
  const failedAt = new Map<string, number>();
  attempts.forEach(({ provider, errorCode }, index) => {
    if (errorCode !== undefined && OWN_FAILURES.has(errorCode)) failedAt.set(provider, index);
  });
  return failedAt;
}
