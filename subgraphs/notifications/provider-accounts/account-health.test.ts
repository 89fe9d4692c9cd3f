import { describe, expect, it } from 'vitest';
import type { AccountReport } from '../../../platform/provider-health/account-report.ts';
import { CHECK_FIELD, FRESH_MS, readReports } from '../../../platform/provider-health/account-report.ts';
import type { CircuitRecord } from '../../../platform/provider-health/circuit-record.ts';
import { type HealthFacts, healthOf } from './account-health.ts';

const NOW = 1_800_000_000_000;
const account = { enabled: true, problem: null, updatedAt: new Date(NOW - 60_000), open: true };
const report = (changes: Partial<AccountReport> = {}): AccountReport => ({
  at: NOW,
  sent: 0,
  failed: 0,
  ownFailed: 0,
  pausedHosts: 0,
  hasHosts: false,
  ...changes,
});
const circuit = (changes: Partial<CircuitRecord> = {}): CircuitRecord => ({
  state: 'closed',
  ok: 0,
  failed: 0,
  countedAt: 0,
  until: 0,
  opens: 0,
  openedAt: 0,
  closedAt: 0,
  pausedUntil: 0,
  pausedAt: 0,
  probe: '',
  ...changes,
});
const told = (changes: Partial<AccountReport> = {}, further: Partial<HealthFacts> = {}): HealthFacts => ({
  reports: [report(changes)],
  ...further,
});
const error = { code: 'CHANNEL_UNAUTHORIZED', message: 'Bad key.', at: NOW - 5_000 };
const unwell = { ok: false, message: 'No such token.', at: NOW - 1_000, since: NOW - 90_000 };
const open = circuit({ state: 'open', until: NOW + 4_000, openedAt: NOW - 9_000 });

describe('the health of an account', () => {
  it.each<[string, Partial<typeof account> | object, HealthFacts | undefined, object]>([
    ['of which nobody tells', {}, { reports: [] }, { state: 'UNKNOWN', circuit: null, sentLastMinute: null }],
    ['without Redis', {}, undefined, { state: 'UNKNOWN', reason: 'Redis does not answer.' }],
    ['that is off', { enabled: false }, told(), { state: 'DISABLED', since: account.updatedAt }],
    [
      'that cannot be used',
      { problem: 'No.' },
      { reports: [] },
      { state: 'UNUSABLE', reason: 'No.', since: account.updatedAt },
    ],
    [
      'of which nothing bad is known',
      {},
      told({ sent: 4, ratePerSecond: 9 }),
      {
        state: 'OK',
        reason: null,
        since: null,
        circuit: { state: 'CLOSED', probesAt: null },
        sentLastMinute: 4,
        failedLastMinute: 0,
        ratePerSecond: 9,
        dailyQuotaUsed: null,
      },
    ],
    [
      'that has recovered',
      {},
      told(
        { okAt: NOW, failedAt: NOW - 5_000, lastError: error },
        { circuit: circuit({ closedAt: NOW - 7 }) },
      ),
      { state: 'OK', since: new Date(NOW - 7), lastError: { code: error.code, at: new Date(error.at) } },
    ],
    [
      'whose recipients fail',
      {},
      told({ sent: 1, failed: 9, okAt: NOW }),
      { state: 'OK', failedLastMinute: 9 },
    ],
    [
      'whose last attempt failed',
      {},
      told({ failed: 1, ownFailed: 1, failedAt: NOW - 5_000, degradedSince: NOW - 8_000, lastError: error }),
      { state: 'DEGRADED', reason: 'Attempts fail. Bad key.', since: new Date(NOW - 8_000) },
    ],
    [
      'of which a tenth fails',
      {},
      told({ sent: 27, failed: 3, ownFailed: 3, okAt: NOW }),
      { state: 'DEGRADED' },
    ],
    ['of which less fails', {}, told({ sent: 28, failed: 3, ownFailed: 3, okAt: NOW }), { state: 'OK' }],
    [
      'whose provider says so',
      {},
      told({}, { check: unwell }),
      {
        state: 'DEGRADED',
        reason: 'No such token.',
        since: new Date(unwell.since),
        checkedAt: new Date(unwell.at),
      },
    ],
    [
      'whose provider says so, but takes messages',
      {},
      told({ okAt: NOW }, { check: unwell }),
      { state: 'OK' },
    ],
    [
      'with paused hosts',
      {},
      told({ hasHosts: true, pausedHosts: 2 }),
      { state: 'DEGRADED', reason: '2 hosts of recipients are paused.', circuit: null, pausedHosts: 2 },
    ],
    [
      'whose circuit is open',
      {},
      told({ failed: 9, ownFailed: 9, lastError: error }, { circuit: open }),
      {
        state: 'CIRCUIT_OPEN',
        reason: 'Too many attempts failed. Bad key.',
        since: new Date(NOW - 9_000),
        circuit: { state: 'OPEN', probesAt: new Date(NOW + 4_000) },
      },
    ],
    [
      'whose circuit is half open',
      {},
      told({}, { circuit: { ...open, state: 'halfOpen' } }),
      { state: 'CIRCUIT_OPEN', circuit: { state: 'HALF_OPEN', probesAt: null } },
    ],
    [
      'that was asked to wait',
      {},
      told({}, { circuit: circuit({ pausedUntil: NOW + 30_000, pausedAt: NOW - 3 }) }),
      { state: 'PAUSED', pausedUntil: new Date(NOW + 30_000), since: new Date(NOW - 3) },
    ],
    [
      'that has waited',
      {},
      told({}, { circuit: circuit({ pausedUntil: NOW - 1 }) }),
      { state: 'OK', pausedUntil: null },
    ],
    ['with a quota', {}, told({ dailyQuota: 5 }, { usedToday: 3 }), { dailyQuotaUsed: 3 }],
    [
      'that others may not look into',
      { open: false },
      told({ sent: 4, ratePerSecond: 9, lastError: error }, { circuit: open }),
      {
        state: 'CIRCUIT_OPEN',
        reason: 'Too many attempts failed.',
        sentLastMinute: null,
        lastError: null,
        ratePerSecond: null,
        checkedAt: null,
      },
    ],
  ])('%s', (_what, changes, facts, expected) => {
    expect(healthOf({ ...account, ...changes }, facts, NOW)).toMatchObject(expected);
  });

  it('is that of all dispatchers together', () => {
    const mine = report({ sent: 1, failedAt: NOW - 9_000, okAt: NOW - 20_000, lastError: error });
    const theirs = report({ sent: 2, failed: 1, okAt: NOW - 1_000, lastError: { ...error, at: NOW - 1 } });
    expect(healthOf(account, { reports: [mine, theirs] }, NOW)).toMatchObject({
      state: 'OK',
      sentLastMinute: 3,
      failedLastMinute: 1,
      lastError: { at: new Date(NOW - 1) },
    });
  });
});

describe('reports of an account', () => {
  it('are those of processes that still tell', () => {
    const fresh = report();
    const gone = report({ at: NOW - FRESH_MS - 1 });
    const fields = {
      one: JSON.stringify(fresh),
      two: JSON.stringify(gone),
      three: 'not JSON',
      four: '{"at":1}',
      [CHECK_FIELD]: JSON.stringify(unwell),
    };
    expect(readReports(fields, NOW)).toEqual({ reports: [fresh], check: unwell });
    expect(readReports({}, NOW)).toEqual({ reports: [] });
  });
});
