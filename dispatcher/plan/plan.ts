/**
 * Who gets a notification, on which channel, and why not: one pure function. It reads nothing and changes
 * nothing; what it needs is given to it.
 */
import type { Channel, SkipReason } from '../../platform/graphql/contract-enums.ts';
import type { RecipientEntry } from '../../subgraphs/notifications/index.ts';
import type { FallbackStep } from '../../subgraphs/templates/index.ts';
import { addressOn, normalToken, type Preference, type PushDevice } from '../../subgraphs/users/index.ts';
import { ALL_DEVICES, type PushRules, pushTargets } from './push-targets.ts';

/** What planning needs to know of a notification. */
export interface PlanNotification {
  readonly to: readonly RecipientEntry[];
  /** Asked for by the caller, or by the route; empty when neither did. */
  readonly channels: readonly Channel[];
  /** Channels tried one after the other, beside `channels`. */
  readonly fallback?: readonly FallbackStep[];
  /** The addresses in `to` are those of one person, and in the chain. */
  readonly addressesAreOne?: true;
  readonly category?: string;
  readonly expiresAt?: Date;
  /** A one-time password: its recipient has just asked for it. */
  readonly otp?: unknown;
}

/** What planning needs to know of the route and the template: the channels that there are words for. */
export interface PlanRoute {
  /** Undefined for inline content, which suits every channel. */
  readonly offered?: readonly Channel[];
}

/** What planning needs to know of a person. */
export interface PlanRecipient {
  readonly id: string;
  readonly email?: string;
  readonly phone?: string;
  readonly addresses: readonly { readonly channel: Channel; readonly address: string }[];
  readonly preferredChannels: readonly Channel[];
  readonly devices: readonly PushDevice[];
}

/** A recipient's place in a fallback chain, whether or not a message can be sent there. */
export interface StepOfChain {
  /** Whose chain. */
  readonly of: string;
  readonly index: number;
  readonly step: FallbackStep;
}

/** One recipient on one channel: to be sent, or skipped for a reason. */
export interface Planned {
  readonly channel: Channel;
  readonly user?: string;
  readonly address?: string;
  readonly device?: PushDevice;
  readonly skipReason?: SkipReason;
  readonly chained?: StepOfChain;
}

const DEFAULT_CHANNELS: readonly Channel[] = ['IN_APP'];

/**
 * @param recipients the people whom `to` names, groups being expanded already.
 * @param preferences by user id.
 * @param configured the channels that a provider (or the sandbox) serves.
 * @param push which devices of a person get push messages.
 * @returns nothing when the notification has expired; otherwise at least one entry for each recipient, each
 * recipient and channel once.
 */
export function plan(
  notification: PlanNotification,
  route: PlanRoute,
  recipients: readonly PlanRecipient[],
  preferences: ReadonlyMap<string, readonly Preference[]>,
  configured: ReadonlySet<Channel>,
  now: Date,
  push: PushRules = ALL_DEVICES,
): Planned[] {
  if (notification.expiresAt && notification.expiresAt <= now) return [];
  const byKey = new Map<string, Planned>();
  const add = (planned: Planned) => {
    const key = JSON.stringify([
      planned.channel,
      planned.user ?? '',
      planned.address ?? '',
      planned.device?.id ?? '',
    ]);
    if (!byKey.has(key)) byKey.set(key, planned);
  };
  for (const recipient of recipients) {
    const rules: Rules = {
      category: notification.category,
      // No preference speaks against what one has asked for.
      preferences: notification.otp ? [] : (preferences.get(recipient.id) ?? []),
      offered: route.offered,
      configured,
      now,
      push,
    };
    for (const channel of channelsFor(notification, route, recipient))
      for (const planned of onChannel(recipient, channel, rules)) add(planned);
    for (const [index, step] of (notification.fallback ?? []).entries())
      for (const channel of step.channels)
        for (const planned of onChannel(recipient, channel, rules))
          add({ ...planned, chained: { of: `user ${recipient.id}`, index, step } });
  }
  const stepOf = notification.addressesAreOne ? stepsByChannel(notification.fallback) : undefined;
  for (const { channel, address } of notification.to)
    if (channel !== undefined && address !== undefined) {
      const skipReason = unusable(channel, route.offered, configured);
      const chained = stepOf?.get(channel);
      add({ channel, address, ...(skipReason && { skipReason }), ...(chained && { chained }) });
    }
  return [...byKey.values()];
}

const stepsByChannel = (steps: readonly FallbackStep[] = []): ReadonlyMap<Channel, StepOfChain> =>
  new Map(
    steps.flatMap((step, index) =>
      step.channels.map((channel) => [channel, { of: 'addresses', index, step }] as const),
    ),
  );

/** The caller's or the route's channels, else the template's, else the recipient's preferred ones. */
function channelsFor(
  notification: PlanNotification,
  route: PlanRoute,
  recipient: PlanRecipient,
): readonly Channel[] {
  if (notification.channels.length > 0 || notification.fallback) return notification.channels;
  if (route.offered) return route.offered;
  return recipient.preferredChannels.length > 0 ? recipient.preferredChannels : DEFAULT_CHANNELS;
}

interface Rules {
  readonly category: string | undefined;
  readonly preferences: readonly Preference[];
  readonly offered: readonly Channel[] | undefined;
  readonly configured: ReadonlySet<Channel>;
  readonly now: Date;
  readonly push: PushRules;
}

function onChannel(recipient: PlanRecipient, channel: Channel, rules: Rules): Planned[] {
  const skip = (skipReason: SkipReason): Planned[] => [{ channel, user: recipient.id, skipReason }];
  if (!isAllowed(rules.preferences, rules.category, channel)) return skip('UNSUBSCRIBED');
  const reason = unusable(channel, rules.offered, rules.configured);
  if (reason) return skip(reason);
  if (channel === 'IN_APP') return [{ channel, user: recipient.id }];
  const targets =
    channel === 'WEB_PUSH' || channel === 'MOBILE_PUSH' ? devicesOn(recipient, channel, rules) : [];
  const address = channel === 'WEB_PUSH' ? undefined : addressOn(recipient, channel);
  if (address !== undefined && isFurther(address, targets, rules.push))
    return [...targets, { channel, user: recipient.id, address }];
  return targets.length === 0 ? skip('NO_ADDRESS') : targets;
}

const devicesOn = (
  recipient: PlanRecipient,
  channel: PushDevice['channel'],
  { now, push }: Rules,
): Planned[] =>
  pushTargets(
    recipient.devices.filter((device) => device.channel === channel),
    now,
    push,
  ).map((device) => ({ channel, user: recipient.id, address: device.endpoint, device }));

/** Whether the address in the profile is none of the devices, which it is beside. */
const isFurther = (address: string, targets: readonly Planned[], { targets: which }: PushRules): boolean =>
  targets.length === 0 ||
  (which === 'all' && !targets.some((target) => target.device?.endpoint === normalToken(address)));

/** Why nothing can go out on a channel, whoever it is for: the template has no words for it, or nobody serves it. */
function unusable(
  channel: Channel,
  offered: readonly Channel[] | undefined,
  configured: ReadonlySet<Channel>,
): SkipReason | undefined {
  if (offered && !offered.includes(channel)) return 'NOT_ALLOWED';
  return configured.has(channel) ? undefined : 'CHANNEL_NOT_CONFIGURED';
}

/**
 * Whether preferences let a category through on a channel. The most specific one decides: category and
 * channel, then category, then channel, then the one for everything; without any, it is allowed.
 */
export function isAllowed(
  preferences: readonly Preference[],
  category: string | undefined,
  channel: Channel,
): boolean {
  let best: { weight: number; enabled: boolean } | undefined;
  for (const preference of preferences) {
    if (preference.category !== undefined && preference.category !== category) continue;
    if (preference.channel !== undefined && preference.channel !== channel) continue;
    const weight = (preference.category !== undefined ? 2 : 0) + (preference.channel !== undefined ? 1 : 0);
    if (!best || weight >= best.weight) best = { weight, enabled: preference.enabled };
  }
  return best?.enabled ?? true;
}
