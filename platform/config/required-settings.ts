/** Settings that have no default and that this process cannot do without. */
import { type Settings, SettingsError } from './settings.ts';

/** @throws SettingsError with one sentence for each of `names` that is not set. */
export function requiredSettings<K extends keyof Settings>(
  settings: Settings,
  ...names: readonly K[]
): { readonly [N in K]: NonNullable<Settings[N]> } {
  const missing = names.filter((name) => settings[name] === undefined);
  if (missing.length > 0)
    throw new SettingsError(missing.map((name) => `${name}: must be set for this role`));
  return settings as { readonly [N in K]: NonNullable<Settings[N]> };
}
