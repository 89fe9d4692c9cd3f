/** Primary keys of rollups: all of a workspace's minutes lie in one range, in the order of time. */
import { CHANNELS, type Channel } from '../../../platform/graphql/contract-enums.ts';

/** `2026-01-31T09:30`: the minute, in UTC. */
const minuteText = (at: Date): string => at.toISOString().slice(0, 16);

export const minuteKey = (workspace: string, at: Date, app: string, channel: Channel): string =>
  `${workspace}|${minuteText(at)}|${app}|${channel}`;

/** From the minute of `from` to before the minute of `to` (or through it, when `to` is inside a minute). */
export function minuteRange(workspace: string, from: Date, to: Date): { $gte: string; $lt: string } {
  const end = new Date(Math.ceil(to.getTime() / 60_000) * 60_000);
  return { $gte: `${workspace}|${minuteText(from)}`, $lt: `${workspace}|${minuteText(end)}` };
}

export interface MinuteOfKey {
  readonly minute: Date;
  readonly app: string;
  readonly channel: Channel;
}

/** @throws Error for what is no minute key. */
export function parseMinuteKey(key: string): MinuteOfKey {
  const [, minute, app, channel] = key.split('|');
  const known = CHANNELS.find((c) => c === channel);
  if (minute === undefined || app === undefined || known === undefined)
    throw new Error(`"${key}" is no key of a minute.`);
  return { minute: new Date(`${minute}:00.000Z`), app, channel: known };
}

export const totalKey = (workspace: string, kind: 'app' | 'template', id: string): string =>
  `${workspace}|${kind}|${id}`;

/** An app or a template, of which only the id is known here. */
export interface Reference {
  readonly id: string;
}
