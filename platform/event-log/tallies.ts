/** How many deliveries entered which state: what remains of events when they are only to be counted. Pure. */
import type { Channel, DeliveryState } from '../graphql/contract-enums.ts';
import { type HeraldEvent, isDeliveryEvent } from './events.ts';

/** So many deliveries of one app (and template) on one channel entered one state in one minute. */
export interface Tally {
  readonly workspace: string;
  readonly app: string;
  readonly channel: Channel;
  readonly template?: string;
  readonly state: DeliveryState;
  /** Its start. */
  readonly minute: Date;
  readonly count: number;
}

/** The state that an event says a delivery has entered; undefined for events that enter none. */
const ENTERED: Partial<Record<HeraldEvent['type'], DeliveryState>> = {
  'delivery.queued': 'QUEUED',
  'delivery.sent': 'SENT',
  'delivery.delivered': 'DELIVERED',
  'delivery.failed': 'FAILED',
  'delivery.skipped': 'SKIPPED',
  'delivery.expired': 'EXPIRED',
  'delivery.canceled': 'CANCELED',
};
const MINUTE_MS = 60_000;

export function talliesOf(events: readonly HeraldEvent[]): Tally[] {
  const tallies = new Map<string, Tally>();
  for (const event of events) {
    if (!isDeliveryEvent(event)) continue;
    const state = ENTERED[event.type];
    if (state === undefined) continue;
    const { workspace, app, channel, template, at } = event;
    const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    const key = `${minute}|${state}|${channel}|${workspace}|${app}|${template ?? ''}`;
    const count = (tallies.get(key)?.count ?? 0) + 1;
    const of = template === undefined ? {} : { template };
    tallies.set(key, { workspace, app, channel, ...of, state, minute: new Date(minute), count });
  }
  return [...tallies.values()];
}
