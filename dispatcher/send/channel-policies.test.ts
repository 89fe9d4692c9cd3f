import { describe, expect, it } from 'vitest';
import { loadSettings, SettingsError } from '../../platform/config/settings.ts';
import { CHANNELS } from '../../platform/graphql/contract-enums.ts';
import { DEFAULT_POLICIES, policyOf } from './channel-policies.ts';

const settings = (env: Record<string, string> = {}) => loadSettings(env);
const overrides = (value: object) => settings({ RETRY_POLICIES: JSON.stringify(value) });

describe('policyOf', () => {
  it('has short delays for HIGH on every channel, and no more attempts', () => {
    for (const channel of CHANNELS) {
      const of = policyOf(channel, settings());
      expect(of('HIGH').baseMs).toBeLessThanOrEqual(500);
      expect(of('HIGH').maxMs).toBeLessThanOrEqual(30_000);
      expect(of('HIGH').attempts).toBe(of('LOW').attempts);
      expect(of('LOW')).toEqual(of('MEDIUM'));
    }
    expect(policyOf('EMAIL', settings())('LOW')).toEqual(DEFAULT_POLICIES.EMAIL);
    expect(policyOf('SLACK', settings())('LOW').maxMs).toBeLessThan(
      policyOf('EMAIL', settings())('LOW').maxMs,
    );
  });

  it('takes SEND_* for all channels, RETRY_POLICIES over them for one', () => {
    const both = settings({
      SEND_MAX_ATTEMPTS: '3',
      SEND_RETRY_BASE_MS: '20',
      SEND_RETRY_MAX_MS: '50',
      RETRY_POLICIES: '{"SMS": {"kind": "fixed", "attempts": 9, "baseMs": 40}}',
    });
    expect(policyOf('EMAIL', both)('LOW')).toEqual({
      kind: 'exponential',
      attempts: 3,
      baseMs: 20,
      maxMs: 50,
    });
    expect(policyOf('SMS', both)('LOW')).toEqual({ kind: 'fixed', attempts: 9, baseMs: 40, maxMs: 50 });
  });

  it('takes what is said of a channel for HIGH as it is', () => {
    const of = policyOf('EMAIL', overrides({ EMAIL: { attempts: 3 }, 'EMAIL:HIGH': { baseMs: 60_000 } }));
    expect(of('HIGH')).toEqual({ kind: 'exponential', attempts: 3, baseMs: 60_000, maxMs: 60_000 });
    expect(of('LOW')).toEqual({ ...DEFAULT_POLICIES.EMAIL, attempts: 3 });
  });

  it('lets a ceiling alone bring the first delay down', () => {
    expect(policyOf('EMAIL', overrides({ EMAIL: { maxMs: 100 } }))('LOW')).toMatchObject({
      baseMs: 100,
      maxMs: 100,
    });
  });
});

describe('RETRY_POLICIES', () => {
  it.each([
    ['{', 'must be JSON'],
    ['[]', 'a JSON object'],
    ['{"FAX": {}}', '"FAX" is no channel'],
    ['{"IN_APP": {}}', '"IN_APP" is no channel'],
    ['{"EMAIL:LOW": {}}', '"EMAIL:LOW" is no channel'],
    ['{"EMAIL": {"attempts": 0}}', 'EMAIL.attempts'],
    ['{"EMAIL": {"attempts": 51}}', 'EMAIL.attempts'],
    ['{"SMS:HIGH": {"kind": "linear"}}', 'SMS:HIGH.kind'],
    ['{"SLACK": {"delay": 5}}', 'SLACK'],
    ['{"SLACK": 5}', 'SLACK'],
    ['{"SLACK": {"baseMs": 10, "maxMs": 9}}', 'SLACK: maxMs must not be below baseMs'],
  ])('%s is wrong', (value, said) => {
    expect(() => settings({ RETRY_POLICIES: value })).toThrow(SettingsError);
    expect(() => settings({ RETRY_POLICIES: value })).toThrow(said);
  });
});

describe('PROVIDER_RATES and PROVIDER_DAILY_QUOTAS', () => {
  it('are read', () => {
    expect(settings({ PROVIDER_RATES: 'smtp=50, web-push=0.5,' }).PROVIDER_RATES).toEqual({
      smtp: 50,
      'web-push': 0.5,
    });
    expect(settings({ PROVIDER_DAILY_QUOTAS: 'smtp=100000' }).PROVIDER_DAILY_QUOTAS).toEqual({
      smtp: 100_000,
    });
    expect(settings().PROVIDER_RATES).toEqual({});
  });

  it.each([
    ['PROVIDER_RATES', 'smtp', '"smtp" must be a provider and messages a second'],
    ['PROVIDER_RATES', 'smtp=0', '"smtp=0"'],
    ['PROVIDER_RATES', 'smtp=-1', '"smtp=-1"'],
    ['PROVIDER_RATES', 'smtp=1e3', '"smtp=1e3"'],
    ['PROVIDER_RATES', 'smtp=5,smtp=6', '"smtp" is there more than once'],
    ['PROVIDER_DAILY_QUOTAS', 'smtp=0.5', '"smtp=0.5"'],
  ])('%s=%s is wrong', (name, value, said) => {
    expect(() => settings({ [name]: value })).toThrow(said);
  });
});
