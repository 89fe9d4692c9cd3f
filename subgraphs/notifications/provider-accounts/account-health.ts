/** How an account fares, made out from all that is told of it. Pure. */
import {
  type AccountCheck,
  type AccountReport,
  type AccountReports,
  isFailing,
} from '../../../platform/provider-health/account-report.ts';
import type { CircuitRecord } from '../../../platform/provider-health/circuit-record.ts';
import type { ProviderCircuitState, ProviderHealth, ProviderHealthState } from '../generated/types.ts';
import type { AccountView } from './account-view.ts';

/** What stands in Redis of one account. */
export interface HealthFacts extends AccountReports {
  readonly circuit?: CircuitRecord;
  /** Messages of today; absent where none is counted. */
  readonly usedToday?: number;
}

/** An answer of the provider that is older says nothing of now. */
const CHECK_HOLDS_MS = 2 * 3_600_000;

interface Standing {
  readonly state: ProviderHealthState;
  readonly reason?: string;
  /** In ms since 1970. */
  readonly since?: number | undefined;
}

/**
 * @param facts undefined: what stands there cannot be read now.
 * @param now in ms since 1970, by the shared clock.
 */
export function healthOf(
  account: Pick<AccountView, 'enabled' | 'problem' | 'updatedAt' | 'open'>,
  facts: HealthFacts | undefined,
  now: number,
): ProviderHealth {
  const { state, reason, since } = standing(account, facts, now);
  const { reports = [], circuit, check, usedToday } = facts ?? {};
  const isTold = reports.length > 0;
  const shows = account.open && isTold;
  const hasHosts = reports.some((report) => report.hasHosts);
  const { sent, failed } = summed(reports);
  const error = newest(reports.flatMap(({ lastError }) => lastError ?? []));
  const quota = reports.find(({ dailyQuota }) => dailyQuota !== undefined);
  const pausedUntil = circuit && circuit.pausedUntil > now ? new Date(circuit.pausedUntil) : null;
  return {
    state,
    reason: reason === undefined ? null : account.open ? reason : (CLOSED_REASONS[state] ?? null),
    since: since === undefined || since === 0 ? null : new Date(since),
    circuit: isTold && !hasHosts ? circuitOf(circuit) : null,
    pausedUntil,
    pausedHosts: shows && hasHosts ? Math.max(...reports.map(({ pausedHosts }) => pausedHosts)) : null,
    sentLastMinute: shows ? sent : null,
    failedLastMinute: shows ? failed : null,
    lastError: shows && error ? { ...error, at: new Date(error.at) } : null,
    ratePerSecond: (shows ? reports[0]?.ratePerSecond : undefined) ?? null,
    dailyQuotaUsed: shows && quota ? (usedToday ?? 0) : null,
    checkedAt: shows && check ? new Date(check.at) : null,
  };
}

/** Reasons without what the provider said: it may name other workspaces' recipients. */
const CLOSED_REASONS: Partial<Record<ProviderHealthState, string>> = {
  DEGRADED: 'Some attempts fail.',
  CIRCUIT_OPEN: 'Too many attempts failed.',
  PAUSED: 'The provider asked to wait.',
  UNKNOWN: 'No dispatcher tells of it.',
};

function standing(
  { enabled, problem, updatedAt }: Pick<AccountView, 'enabled' | 'problem' | 'updatedAt'>,
  facts: HealthFacts | undefined,
  now: number,
): Standing {
  if (!enabled)
    return { state: 'DISABLED', reason: 'An operator switched it off.', since: updatedAt?.getTime() };
  if (problem !== null) return { state: 'UNUSABLE', reason: problem, since: updatedAt?.getTime() };
  if (!facts) return { state: 'UNKNOWN', reason: 'Redis does not answer.' };
  const { reports, circuit, check } = facts;
  if (reports.length === 0) return { state: 'UNKNOWN', reason: 'No dispatcher tells of it.' };
  const error = newest(reports.flatMap(({ lastError }) => lastError ?? []));
  const said = error ? ` ${error.message}` : '';
  if (circuit && circuit.state !== 'closed')
    return { state: 'CIRCUIT_OPEN', reason: `Too many attempts failed.${said}`, since: circuit.openedAt };
  if (circuit && circuit.pausedUntil > now)
    return { state: 'PAUSED', reason: 'The provider asked to wait.', since: circuit.pausedAt };
  const okAt = Math.max(0, ...reports.map((report) => report.okAt ?? 0));
  const failedAt = Math.max(0, ...reports.map((report) => report.failedAt ?? 0));
  if (failedAt > okAt || isFailing(summed(reports))) {
    const since = Math.min(...reports.map(({ degradedSince }) => degradedSince ?? failedAt));
    return { state: 'DEGRADED', reason: `Attempts fail.${said}`, since };
  }
  if (check && speaksAgainst(check, okAt, now))
    return { state: 'DEGRADED', reason: check.message, since: check.since };
  const hosts = Math.max(...reports.map(({ pausedHosts }) => pausedHosts));
  if (hosts > 0)
    return {
      state: 'DEGRADED',
      reason: hosts === 1 ? 'One host of recipients is paused.' : `${hosts} hosts of recipients are paused.`,
    };
  return { state: 'OK', since: circuit?.closedAt };
}

/** What was sent since shows more than the answer to a question. */
const speaksAgainst = ({ ok, at }: AccountCheck, okAt: number, now: number): boolean =>
  !ok && at > okAt && now - at < CHECK_HOLDS_MS;

const CIRCUIT_STATES: Readonly<Record<CircuitRecord['state'], ProviderCircuitState>> = {
  closed: 'CLOSED',
  open: 'OPEN',
  halfOpen: 'HALF_OPEN',
};

/** One that nobody has written is closed. */
const circuitOf = (circuit: CircuitRecord | undefined): ProviderHealth['circuit'] => ({
  state: CIRCUIT_STATES[circuit?.state ?? 'closed'],
  probesAt: circuit?.state === 'open' ? new Date(circuit.until) : null,
});

const summed = (reports: readonly AccountReport[]) =>
  reports.reduce(
    (sum, { sent, failed, ownFailed }) => ({
      sent: sum.sent + sent,
      failed: sum.failed + failed,
      ownFailed: sum.ownFailed + ownFailed,
    }),
    { sent: 0, failed: 0, ownFailed: 0 },
  );

const newest = <T extends { readonly at: number }>(all: readonly T[]): T | undefined =>
  all.reduce<T | undefined>((best, one) => (best && best.at >= one.at ? best : one), undefined);
