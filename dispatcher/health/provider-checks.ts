/**
 * Asks providers whether they are well (`Provider.health`), every few minutes: each account by one of all dispatchers.
 * The answer is for operators; what is sent goes by what attempts show.
 */
import type { Redis } from 'ioredis';
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import { messageOf } from '../../platform/errors/message-of.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { RedisNames } from '../../platform/names/redis-names.ts';
import {
  type AccountCheck,
  CHECK_FIELD,
  REPORTS_KEPT_MS,
  readReports,
} from '../../platform/provider-health/account-report.ts';
import type { Provider } from '../channels/contract.ts';
import { inTime } from '../channels/network/in-time.ts';

const LOOK_MS = 2_000;
const TIMEOUT_MS = 10_000;
/** At once, in one process. */
const MAX_PARALLEL = 4;
const MAX_MESSAGE_CHARS = 500;

/** The revision of an account of the settings. */
export const SETTINGS_REVISION = 'settings';

/** A provider that can be asked. `revision`: another one is asked at once. */
export interface Checked {
  readonly key: string;
  readonly revision: string;
  readonly provider: Provider;
}

export interface ProviderChecksDeps {
  readonly redis: Redis;
  readonly names: Pick<RedisNames, 'providerHealth' | 'providerCheck'>;
  /** Those of this process now. */
  readonly accounts: () => readonly Checked[];
  readonly intervalMs: number;
  readonly log: Logger;
}

/** Asks from now on. Nothing is asked where the interval is 0. */
export function startProviderChecks(deps: ProviderChecksDeps): { close(): Promise<void> } {
  if (deps.intervalMs === 0) return { close: async () => undefined };
  const ending = new AbortController();
  /** By key: the revision that this process knows to be asked, and when to look again (monotonic). */
  const known = new Map<string, { readonly revision: string; readonly dueAt: number }>();
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const now = performance.now();
    const accounts = deps.accounts();
    const keys = new Set(accounts.map(({ key }) => key));
    for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
    const due = accounts.filter(({ key, revision, provider }) => {
      const before = known.get(key);
      return provider.health && (before?.revision !== revision || before.dueAt <= now);
    });
    const next = due.values();
    const work = async () => {
      for (const account of next) {
        if (ending.signal.aborted) return;
        const isNew = !known.has(account.key);
        known.set(account.key, { revision: account.revision, dueAt: performance.now() + deps.intervalMs });
        await checkInTurn(account, isNew, deps, ending.signal);
      }
    };
    await Promise.all(Array.from({ length: MAX_PARALLEL }, work));
  }
  const lookNow = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  };
  const timer = setInterval(lookNow, LOOK_MS);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      ending.abort();
      await looking;
    },
  };
}

/** Asks where no other dispatcher has lately. Never throws. */
async function checkInTurn(
  account: Checked,
  isNew: boolean,
  { redis, names, accounts, intervalMs, log }: ProviderChecksDeps,
  ending: AbortSignal,
): Promise<void> {
  const { key, revision, provider } = account;
  try {
    // Settings have changed most likely where a process starts.
    const isForced = isNew && revision === SETTINGS_REVISION;
    if (!isForced && !(await hasTurn(account, redis, names.providerCheck(key), intervalMs))) return;
    const answer = await answerOf(provider, AbortSignal.any([ending, AbortSignal.timeout(TIMEOUT_MS)]));
    // One that was replaced meanwhile tells nothing of the one that is there now.
    if (!accounts().some((one) => one.provider === provider)) return;
    if (ending.aborted) return;
    const at = sharedNow();
    const raw = await redis.hget(names.providerHealth(key), CHECK_FIELD);
    const before = readReports(raw === null ? {} : { [CHECK_FIELD]: raw }, at).check;
    const since = before?.ok === answer.ok ? before.since : at;
    const check: AccountCheck = { at, since, ...answer };
    await redis
      .pipeline()
      .hset(names.providerHealth(key), CHECK_FIELD, JSON.stringify(check))
      .pexpire(names.providerHealth(key), REPORTS_KEPT_MS)
      .exec();
    if (before?.ok !== answer.ok && !answer.ok)
      log.warn({ account: key, problem: answer.message }, 'provider account is not well');
  } catch (error) {
    log.warn({ err: error, account: key }, 'provider account not checked');
  }
}

/** Whether it is this process that asks now: nobody has asked for a while, or the account was another one then. */
async function hasTurn(
  { revision }: Checked,
  redis: Redis,
  turn: string,
  intervalMs: number,
): Promise<boolean> {
  const asked = await redis.get(turn);
  if (asked === revision) return false;
  // A little less than the interval, so that whoever asked can ask again.
  const forMs = Math.round(intervalMs * 0.9);
  return asked === null
    ? (await redis.set(turn, revision, 'PX', forMs, 'NX')) === 'OK'
    : (await redis.set(turn, revision, 'PX', forMs)) === 'OK';
}

async function answerOf(
  provider: Provider,
  signal: AbortSignal,
): Promise<Pick<AccountCheck, 'ok' | 'message'>> {
  try {
    const health = provider.health ? await inTime(provider.health(signal), signal) : { ok: true as const };
    return health.ok
      ? { ok: true, message: '' }
      : { ok: false, message: health.message.slice(0, MAX_MESSAGE_CHARS) };
  } catch (error) {
    return { ok: false, message: messageOf(error).slice(0, MAX_MESSAGE_CHARS) };
  }
}
