/** RETRY_POLICIES: how attempts follow each other, by channel, as JSON. */
import { z } from 'zod';
import { CHANNELS } from '../graphql/contract-enums.ts';

const MAX_DELAY_MS = 24 * 60 * 60_000;
const delay = z.number().int().min(1).max(MAX_DELAY_MS);

const override = z
  .strictObject({
    kind: z.enum(['fixed', 'exponential']),
    attempts: z.number().int().min(1).max(50),
    baseMs: delay,
    maxMs: delay,
  })
  .partial()
  .refine(
    ({ baseMs, maxMs }) => baseMs === undefined || maxMs === undefined || maxMs >= baseMs,
    'maxMs must not be below baseMs',
  );

/** What an operator says of one channel; what is absent stays as it is by default. */
export type RetryPolicyOverride = z.output<typeof override>;

/** By channel (`EMAIL`), or by channel for messages of priority HIGH (`EMAIL:HIGH`). */
export type RetryPolicyOverrides = Readonly<Record<string, RetryPolicyOverride>>;

const KEYS: ReadonlySet<string> = new Set(
  CHANNELS.filter((channel) => channel !== 'IN_APP').flatMap((channel) => [channel, `${channel}:HIGH`]),
);

/** Reads the setting; each problem names its channel. */
export const retryPolicies = z.string().transform((text, context): RetryPolicyOverrides => {
  const problem = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return problem('must be JSON, for example {"EMAIL": {"attempts": 5}}');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return problem('must be a JSON object with a channel for each key');
  const read: Record<string, RetryPolicyOverride> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (!KEYS.has(key)) {
      problem(`"${key}" is no channel that is sent by a provider (or one followed by :HIGH)`);
      continue;
    }
    const parsed = override.safeParse(entry);
    if (parsed.success) read[key] = parsed.data;
    else
      for (const issue of parsed.error.issues) problem(`${[key, ...issue.path].join('.')}: ${issue.message}`);
  }
  return read;
});
