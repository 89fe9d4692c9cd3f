/** PROVIDER_RATES and PROVIDER_DAILY_QUOTAS: a number for each provider, as `smtp=50,webhook=200`. */
import { z } from 'zod';

/** By provider id. Which ids there are, only the dispatcher knows: it refuses the others at its start. */
export type ProviderLimits = Readonly<Record<string, number>>;

/**
 * @param what each number is, for the sentence that says what is wrong.
 * @param isRight whether a number is one.
 */
const limits = (what: string, isRight: (value: number) => boolean) =>
  z
    .string()
    .default('')
    .transform((text, context): ProviderLimits => {
      const read: Record<string, number> = {};
      for (const part of text.split(',')) {
        const entry = part.trim();
        if (entry === '') continue;
        const match = /^([a-z][a-z0-9-]*)\s*=\s*(\d+(?:\.\d+)?)$/.exec(entry);
        const id = match?.[1];
        const value = Number(match?.[2]);
        if (id === undefined || !isRight(value))
          context.addIssue({
            code: 'custom',
            message: `"${entry}" must be a provider and ${what}, like smtp=50`,
          });
        else if (id in read) context.addIssue({ code: 'custom', message: `"${id}" is there more than once` });
        else read[id] = value;
      }
      return read;
    });

/** Messages a second; a fraction is a message every so many seconds. */
export const providerRates = limits(
  'messages a second (0.01 to 100000)',
  (value) => value >= 0.01 && value <= 100_000,
);

/** Messages a day (UTC). */
export const providerDailyQuotas = limits(
  'messages a day (a whole number from 1)',
  (value) => Number.isSafeInteger(value) && value >= 1,
);
