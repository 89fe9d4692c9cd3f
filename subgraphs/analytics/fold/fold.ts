/** From events to counts. Pure. */
import { type HeraldEvent, isDeliveryEvent } from '../../../platform/event-log/events.ts';
import type { DeliveryState } from '../../../platform/graphql/contract-enums.ts';
import { minuteKey, totalKey } from '../store/keys.ts';

export type Counts = Partial<Record<DeliveryState, number>>;

/** What a batch of events adds to which rollup, by rollup key. */
export interface Increments {
  readonly minutes: ReadonlyMap<string, Counts>;
  readonly totals: ReadonlyMap<string, Counts>;
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

export function fold(events: readonly HeraldEvent[]): Increments {
  const minutes = new Map<string, Counts>();
  const totals = new Map<string, Counts>();
  for (const event of events) {
    if (!isDeliveryEvent(event)) continue;
    const state = ENTERED[event.type];
    if (state === undefined) continue;
    const { workspace, app } = event;
    add(minutes, minuteKey(workspace, new Date(event.at), app, event.channel), state);
    add(totals, totalKey(workspace, 'app', app), state);
    if (event.template !== undefined) add(totals, totalKey(workspace, 'template', event.template), state);
  }
  return { minutes, totals };
}

function add(counts: Map<string, Counts>, key: string, state: DeliveryState): void {
  const own = counts.get(key) ?? {};
  own[state] = (own[state] ?? 0) + 1;
  counts.set(key, own);
}
