/**
 * The provider accounts of the settings, as the dispatchers tell of them for operators to look at
 * (`RedisNames.settingsAccounts`): only they know the settings. Without secrets.
 */
import { z } from 'zod';
import { CHANNELS } from '../graphql/contract-enums.ts';

/** Told again so often, so that a Redis that has lost it knows it again. */
export const SETTINGS_TOLD_AGAIN_MS = 60_000;
/** Without a dispatcher for so long, nothing is known of its settings. */
export const SETTINGS_KEPT_MS = 24 * 3_600_000;

const settingsAccount = z.object({
  id: z.string(),
  provider: z.string(),
  channels: z.array(z.enum(CHANNELS)),
  /** Without its secrets. */
  config: z.record(z.string(), z.unknown()),
  secretsSet: z.array(z.string()),
  /** Whether it takes receipts at its address. Unknown to dispatchers of an older Herald. */
  receipts: z.boolean().optional(),
  ratePerSecond: z.number().optional(),
  dailyQuota: z.number().optional(),
});
/** In a list: in the order in which they are tried. */
export type SettingsAccount = Readonly<z.infer<typeof settingsAccount>>;

/** None where there are none, or none that can be read. */
export function readSettingsAccounts(raw: string | null): readonly SettingsAccount[] {
  if (raw === null) return [];
  try {
    return z.array(settingsAccount).parse(JSON.parse(raw));
  } catch {
    // Of another version of Herald: its dispatchers tell again within a minute.
    return [];
  }
}
