/**
 * The event log's types: every state change is one typed event. Events of one step travel in one batch (one
 * entry of the Redis stream), because steps work on chunks.
 */
import { z } from 'zod';
import {
  CHANNELS,
  DELIVERY_STATES,
  NOTIFICATION_STATES,
  PRIORITIES,
  SKIP_REASONS,
} from '../graphql/contract-enums.ts';

const common = {
  /** Version of the event's shape. */
  v: z.literal(1),
  workspace: z.string(),
  app: z.string(),
  notification: z.string(),
  /** When it happened: Unix time in milliseconds. */
  at: z.number().int(),
};

const notificationEvent = z.object({
  ...common,
  type: z.enum(['notification.accepted', 'notification.updated']),
  state: z.enum(NOTIFICATION_STATES),
  priority: z.enum(PRIORITIES),
  event: z.string().optional(),
  template: z.string().optional(),
});

const deliveryEvent = z.object({
  ...common,
  /** `delivery.` and the state entered, in lower case; or what the receiver did. */
  type: z.enum([
    'delivery.queued',
    'delivery.retrying',
    'delivery.sent',
    'delivery.delivered',
    'delivery.failed',
    'delivery.skipped',
    'delivery.expired',
    'delivery.canceled',
    'delivery.opened',
    'delivery.clicked',
  ]),
  delivery: z.string(),
  channel: z.enum(CHANNELS),
  state: z.enum(DELIVERY_STATES),
  template: z.string().optional(),
  user: z.string().optional(),
  provider: z.string().optional(),
  skipReason: z.enum(SKIP_REASONS).optional(),
  errorCode: z.string().optional(),
});

/** Something that operators should look at, of a whole workspace. */
const alertEvent = z.object({
  v: common.v,
  type: z.literal('alert.raised'),
  workspace: common.workspace,
  at: common.at,
  alert: z.string(),
  kind: z.enum(['DEAD_LETTERS']),
  count: z.number().int(),
});

export const heraldEventSchema = z.discriminatedUnion('type', [notificationEvent, deliveryEvent, alertEvent]);
export type DeliveryEvent = z.infer<typeof deliveryEvent>;
export type HeraldEvent = z.infer<typeof heraldEventSchema>;

export const eventBatchSchema = z.array(heraldEventSchema);

export const isDeliveryEvent = (event: HeraldEvent): event is DeliveryEvent =>
  event.type.startsWith('delivery.');
