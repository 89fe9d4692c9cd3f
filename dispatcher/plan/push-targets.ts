/** Which of a person's devices get a push message. */
import type { Settings } from '../../platform/config/settings.ts';
import type { PushDevice } from '../../subgraphs/users/index.ts';

export interface PushRules {
  /** Devices that were not seen for longer are left out, unless none would be left; undefined: age does not matter. */
  readonly maxAgeMs?: number;
  /** `latest`: the one seen last alone. */
  readonly targets: 'all' | 'latest';
}

export const ALL_DEVICES: PushRules = { targets: 'all' };

type Target = Pick<PushDevice, 'endpoint' | 'lastSeenAt'>;

/**
 * Those of one channel's `devices` that get it, in their order. Pure. Nobody who has a device is left without one: where
 * all are too old, the one seen last gets it. An address that is there twice is taken once, as it was seen last.
 */
export function pushTargets<D extends Target>(
  devices: readonly D[],
  now: Date,
  rules: PushRules,
): readonly D[] {
  if (devices.length < 2) return devices;
  const byAddress = new Map<string, D>();
  for (const device of devices) {
    const known = byAddress.get(device.endpoint);
    byAddress.set(device.endpoint, known ? later(known, device) : device);
  }
  const each = [...byAddress.values()];
  if (rules.targets === 'latest') return [each.reduce(later)];
  const { maxAgeMs } = rules;
  if (maxAgeMs === undefined) return each;
  const recent = each.filter(({ lastSeenAt }) => now.getTime() - lastSeenAt.getTime() <= maxAgeMs);
  return recent.length > 0 ? recent : [each.reduce(later)];
}

/** Of two seen at the same time, the second: it was registered later. */
const later = <D extends Target>(a: D, b: D): D => (a.lastSeenAt > b.lastSeenAt ? a : b);

const DAY_MS = 86_400_000;

/** As the settings say. */
export const pushRulesOf = ({
  PUSH_DEVICE_MAX_AGE_DAYS: days,
  PUSH_TARGETS: targets,
}: Pick<Settings, 'PUSH_DEVICE_MAX_AGE_DAYS' | 'PUSH_TARGETS'>): PushRules => ({
  targets,
  ...(days > 0 && { maxAgeMs: days * DAY_MS }),
});
