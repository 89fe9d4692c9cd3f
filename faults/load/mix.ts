/** What the load sends: the n-th message, the same for the same run. Pure. */

export type LoadChannel = 'WEBHOOK' | 'EMAIL' | 'IN_APP' | 'SMS';
/** How the client means a message. */
export type Kind = 'plain' | 'otp' | 'later' | 'canceled';

export interface Message {
  /** Idempotency key, title and body, by which it is known wherever it turns up. */
  readonly key: string;
  readonly user: string;
  readonly channels: readonly LoadChannel[];
  readonly priority: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly kind: Kind;
  /** Milliseconds from sending. */
  readonly sendAfterMs?: number;
  readonly expiresAfterMs?: number;
}

export const USERS = 200;
export const userName = (index: number): string => `fault-user-${index}`;
export const phoneOf = (index: number): string => `+4915100${String(index).padStart(6, '0')}`;

const CHANNELS: readonly (readonly LoadChannel[])[] = [
  ['WEBHOOK'],
  ['EMAIL'],
  ['IN_APP'],
  ['WEBHOOK'],
  ['WEBHOOK', 'IN_APP'],
  ['EMAIL'],
  ['WEBHOOK'],
  ['IN_APP'],
  ['WEBHOOK', 'EMAIL', 'IN_APP'],
  ['EMAIL'],
];
/** An OTP is worth nothing after this. */
const OTP_MS = 10_000;
const LATER_MS = 2_000;
/** So late that cancelling it gets there first, unless all stands still. */
const CANCELED_MS = 20_000;

/** Message `n` of the run that `prefix` names. */
export function messageOf(prefix: string, n: number): Message {
  const common = { key: `${prefix}-${String(n).padStart(6, '0')}`, user: userName(n % USERS) };
  const channels = CHANNELS[n % CHANNELS.length] ?? ['IN_APP'];
  if (n % 12 === 5)
    return {
      ...common,
      channels: [n % 24 === 5 ? 'WEBHOOK' : 'EMAIL'],
      priority: 'HIGH',
      kind: 'otp',
      expiresAfterMs: OTP_MS,
    };
  if (n % 25 === 7) return { ...common, channels, priority: 'MEDIUM', kind: 'later', sendAfterMs: LATER_MS };
  if (n % 25 === 17)
    return { ...common, channels, priority: 'MEDIUM', kind: 'canceled', sendAfterMs: CANCELED_MS };
  return { ...common, channels, priority: n % 4 === 0 ? 'LOW' : 'MEDIUM', kind: 'plain' };
}
