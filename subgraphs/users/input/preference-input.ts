/** Checks preferences as callers give them. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { isCallerId } from '../../../platform/names/ids.ts';
import type { Preference } from '../contract.ts';

const MAX_PREFERENCES = 1_000;
const MAX_CATEGORY_CHARS = 100;

export interface PreferenceEntry {
  readonly category?: string | null;
  readonly channel?: Channel | null;
  readonly enabled: boolean;
}

/** @throws HeraldError BAD_USER_INPUT, `field` being for example `preferences.3.category`. */
export function checkPreferences(entries: readonly PreferenceEntry[]): Preference[] {
  if (entries.length > MAX_PREFERENCES)
    throw badInput('preferences', `At most ${MAX_PREFERENCES} preferences; there are ${entries.length}.`);
  const seen = new Set<string>();
  return entries.map(({ category, channel, enabled }, index) => {
    const at = `preferences.${index}`;
    if (category != null) checkCategory(`${at}.category`, category);
    const key = JSON.stringify([category ?? null, channel ?? null]);
    if (seen.has(key)) throw badInput(at, 'Another preference is for the same category and channel.');
    seen.add(key);
    return { ...(category != null && { category }), ...(channel != null && { channel }), enabled };
  });
}

/** @throws HeraldError BAD_USER_INPUT with this field. */
export function checkCategory(field: string, category: string): void {
  if (!isCallerId(category) || category.length > MAX_CATEGORY_CHARS)
    throw badInput(
      field,
      `A category has 1 to ${MAX_CATEGORY_CHARS} printable characters without spaces, for example "billing".`,
    );
}
