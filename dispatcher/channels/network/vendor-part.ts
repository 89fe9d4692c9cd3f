/** What a message says for one provider alone. */
import type { z } from 'zod';
import type { OutgoingMessage, SendOutcome } from '../contract.ts';

/**
 * The part of `message.data` under a provider's id, such as the name of a template at the vendor.
 * @returns undefined where there is none; the outcome of the attempt where it is not what the provider takes.
 */
export function vendorPart<S extends z.ZodType>(
  message: Pick<OutgoingMessage, 'data'>,
  id: string,
  schema: S,
): { readonly part: z.output<S> | undefined } | { readonly wrong: SendOutcome } {
  const { data } = message;
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, id)) return { part: undefined };
  const parsed = schema.safeParse((data as Record<string, unknown>)[id]);
  if (parsed.success) return { part: parsed.data };
  const [issue] = parsed.error.issues;
  const field = ['data', id, ...(issue?.path ?? [])].join('.');
  return {
    wrong: {
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_REJECTED',
      message: `${field}: ${issue?.message ?? 'is wrong'}`,
      about: 'recipient',
    },
  };
}
