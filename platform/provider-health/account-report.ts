/**
 * What dispatchers tell of a provider account: a Redis hash for each account (`RedisNames.providerHealth`), a field for
 * each process and one for the newest answer of the provider's own `health()`. What many processes know alike (the
 * circuit, the quota used) is not in it: that has a key of its own.
 */
import { z } from 'zod';

/** What has not changed is told again so often. */
export const TOLD_AGAIN_MS = 10_000;
/** A process that has told nothing for so long counts as gone. */
export const FRESH_MS = 30_000;
/** The hash goes when nobody tells any more. The last check stays for as long, too. */
export const REPORTS_KEPT_MS = 10 * 60_000;
/** The field of the check; processes' fields are UUIDs. */
export const CHECK_FIELD = 'check';

const failure = z.object({
  code: z.string(),
  /** For operators; holds no secret. */
  message: z.string(),
  at: z.number(),
});

/** Times are milliseconds since 1970 by the shared clock; counts are those of about the last minute. */
const accountReport = z.object({
  at: z.number(),
  /** Messages that the provider took. */
  sent: z.number(),
  /** Attempts that it did not take, for whatever reason. */
  failed: z.number(),
  /** Those among them that speak against the account: credentials, connection, service. */
  ownFailed: z.number(),
  /** When an attempt last showed that the account works. */
  okAt: z.number().optional(),
  /** When one last showed that it does not. */
  failedAt: z.number().optional(),
  /** Since when this process sees it fail, where it does. */
  degradedSince: z.number().optional(),
  /** The last failure that was no recipient's or message's own; a plea to wait is one. */
  lastError: failure.optional(),
  /** Hosts of recipients that are paused, where each has a circuit of its own. */
  pausedHosts: z.number(),
  hasHosts: z.boolean(),
  ratePerSecond: z.number().optional(),
  dailyQuota: z.number().optional(),
});
export type AccountReport = Readonly<z.infer<typeof accountReport>>;

/** An answer of the provider's own `health()`. */
const accountCheck = z.object({
  at: z.number(),
  ok: z.boolean(),
  /** For operators: what is wrong; empty when nothing is. */
  message: z.string(),
  /** Since when the answers are alike. */
  since: z.number(),
});
export type AccountCheck = Readonly<z.infer<typeof accountCheck>>;

/** All that was told of one account and still holds. */
export interface AccountReports {
  readonly reports: readonly AccountReport[];
  readonly check?: AccountCheck;
}

/** @param fields of the hash; what cannot be read, or is of a process that is gone, is left out. */
export function readReports(fields: Readonly<Record<string, string>>, now: number): AccountReports {
  const { [CHECK_FIELD]: rawCheck, ...raws } = fields;
  const reports = Object.values(raws)
    .flatMap((raw) => parsed(accountReport, raw))
    .filter(({ at }) => now - at <= FRESH_MS);
  const [check] = rawCheck === undefined ? [] : parsed(accountCheck, rawCheck);
  return { reports, ...(check && { check }) };
}

function parsed<T>(schema: z.ZodType<T>, raw: string): [T] | [] {
  try {
    return [schema.parse(JSON.parse(raw))];
  } catch {
    // Of another version of Herald.
    return [];
  }
}

/** Counts that speak against an account: all of few attempts, or a tenth of many. */
export const isFailing = ({
  sent,
  failed,
  ownFailed,
}: Pick<AccountReport, 'sent' | 'failed' | 'ownFailed'>) =>
  ownFailed > 0 && (ownFailed === sent + failed || (ownFailed >= 3 && ownFailed * 10 >= sent + failed));
