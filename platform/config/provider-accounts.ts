/** PROVIDER_ACCOUNTS: provider accounts from settings, as JSON. Their configuration is judged by the provider itself. */
import { z } from 'zod';
import { messageOf } from '../errors/message-of.ts';

/** An account's id: shown in `Delivery.provider`, part of its receipt address. */
export const providerAccountId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes, at most 63');

const account = z.strictObject({
  /** The provider's id without. */
  id: providerAccountId.optional(),
  provider: z.string().min(1),
  config: z.record(z.string(), z.unknown()).default({}),
});

const list = z.array(account).superRefine((accounts, context) => {
  const seen = new Set<string>();
  accounts.forEach(({ id, provider }, index) => {
    const own = id ?? provider;
    if (seen.has(own))
      context.addIssue({
        code: 'custom',
        path: [index, 'id'],
        message: `"${own}" is there twice: give each account an id of its own`,
      });
    seen.add(own);
  });
});

/** The text of the setting, or in a test the list itself. */
export const providerAccounts = z
  .unknown()
  .transform((value, context) => {
    if (value === undefined) return [];
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch (error) {
      const message = `must be JSON, like [{"provider": "twilio", "config": {…}}]: ${messageOf(error)}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
  })
  .pipe(list);
