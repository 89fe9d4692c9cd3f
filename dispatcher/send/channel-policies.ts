/** The retry policy of each channel: defaults as data, and what the settings change of them. */
import { type Settings, SettingsError } from '../../platform/config/settings.ts';
import type { Channel, Priority } from '../../platform/graphql/contract-enums.ts';
import type { RetryPolicy } from './retry-policy.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const exponential = (attempts: number, baseMs: number, maxMs: number): RetryPolicy => ({
  kind: 'exponential',
  attempts,
  baseMs,
  maxMs,
});

/** What people wait for is tried for minutes. */
const SHORT = exponential(6, SECOND, MINUTE);

/**
 * Mail servers expect to be tried for hours (RFC 5321, 4.5.4.1; greylisting); receivers of webhooks are down for as
 * long as a deployment takes, and longer; push services hold a message for a browser themselves.
 */
export const DEFAULT_POLICIES: Readonly<Partial<Record<Channel, RetryPolicy>>> = {
  EMAIL: exponential(12, 5 * SECOND, HOUR),
  WEBHOOK: exponential(10, 2 * SECOND, 30 * MINUTE),
  WEB_PUSH: exponential(8, 2 * SECOND, 5 * MINUTE),
  MOBILE_PUSH: exponential(8, 2 * SECOND, 5 * MINUTE),
};

/** A message of priority HIGH (a code, an alarm) is of no use late: its delays are no longer than these. */
const HIGH_BASE_MS = 500;
const HIGH_MAX_MS = 30 * SECOND;

type PolicySettings = Pick<
  Settings,
  'SEND_MAX_ATTEMPTS' | 'SEND_RETRY_BASE_MS' | 'SEND_RETRY_MAX_MS' | 'RETRY_POLICIES'
>;

/** The policy of one channel, by priority. */
export type PolicyOf = (priority: Priority) => RetryPolicy;

/**
 * The channel's default; over it SEND_* (all channels), RETRY_POLICIES (the channel), and for HIGH the shorter delays,
 * unless RETRY_POLICIES says of `<channel>:HIGH` what they are.
 * @throws SettingsError, naming the channel, where these contradict each other.
 */
export function policyOf(channel: Channel, settings: PolicySettings): PolicyOf {
  const { SEND_MAX_ATTEMPTS, SEND_RETRY_BASE_MS, SEND_RETRY_MAX_MS, RETRY_POLICIES } = settings;
  const usual = checked(
    channel,
    merged(
      merged(DEFAULT_POLICIES[channel] ?? SHORT, {
        attempts: SEND_MAX_ATTEMPTS,
        baseMs: SEND_RETRY_BASE_MS,
        maxMs: SEND_RETRY_MAX_MS,
      }),
      RETRY_POLICIES?.[channel] ?? {},
    ),
  );
  const high = checked(
    `${channel}:HIGH`,
    merged(
      { ...usual, baseMs: Math.min(usual.baseMs, HIGH_BASE_MS), maxMs: Math.min(usual.maxMs, HIGH_MAX_MS) },
      RETRY_POLICIES?.[`${channel}:HIGH`] ?? {},
    ),
  );
  return (priority) => (priority === 'HIGH' ? high : usual);
}

type Changes = { readonly [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined };

/** A ceiling that was not named follows the delay that was, and the other way round. */
function merged(policy: RetryPolicy, changes: Changes): RetryPolicy {
  const baseMs = changes.baseMs ?? Math.min(policy.baseMs, changes.maxMs ?? Number.POSITIVE_INFINITY);
  return {
    kind: changes.kind ?? policy.kind,
    attempts: changes.attempts ?? policy.attempts,
    baseMs,
    maxMs: changes.maxMs ?? Math.max(policy.maxMs, baseMs),
  };
}

function checked(name: string, policy: RetryPolicy): RetryPolicy {
  if (policy.maxMs < policy.baseMs)
    throw new SettingsError([
      `RETRY_POLICIES: ${name}: maxMs (${policy.maxMs}) is below baseMs (${policy.baseMs})`,
    ]);
  return policy;
}
