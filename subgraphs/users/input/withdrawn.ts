/** What preferences are once somebody has withdrawn their consent. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { Preference } from '../contract.ts';

/**
 * Pure. The category is off on the channel from now on; without one, every category: also those that were allowed by
 * name. What is said of other channels stays.
 */
export function withdrawn(
  preferences: readonly Preference[],
  channel: Channel,
  category: string | undefined,
): Preference[] {
  if (category !== undefined)
    return [
      ...preferences.filter((p) => p.channel !== channel || p.category !== category),
      { category, channel, enabled: false },
    ];
  const kept = preferences.filter((p) => p.channel !== channel || (p.category !== undefined && !p.enabled));
  const offByName = new Set(kept.flatMap((p) => (p.channel === channel ? (p.category ?? []) : [])));
  // One that allows a category on all channels goes before one that forbids a channel.
  const allowedByName = kept.flatMap((p) =>
    p.channel === undefined && p.enabled && p.category !== undefined && !offByName.has(p.category)
      ? [p.category]
      : [],
  );
  return [
    ...kept,
    { channel, enabled: false },
    ...allowedByName.map((name) => ({ category: name, channel, enabled: false })),
  ];
}
