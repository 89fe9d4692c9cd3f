/** What a webhook receiver gets, as Standard Webhooks lays it out. */
import type { OutgoingMessage } from '../contract.ts';

/** The body of the POST, JSON. Absent fields are left out. */
export interface WebhookBody {
  readonly type: 'notification';
  /** When this attempt was made, ISO 8601. */
  readonly timestamp: string;
  readonly data: {
    readonly workspace: string;
    readonly notification: string;
    readonly delivery: string;
    /** The business event that led to it, for example `order.paid`. */
    readonly event?: string;
    readonly category?: string;
    readonly priority: OutgoingMessage['priority'];
    readonly locale: string;
    readonly expiresAt?: string;
    readonly title?: string;
    readonly body: string;
    readonly html?: string;
    readonly url?: string;
    readonly imageUrl?: string;
    /** What the sender attached, as it came; without what it said of the request (`data.webhook`). */
    readonly data?: unknown;
  };
}

/** The body for a message. */
export function webhookBody(message: OutgoingMessage, now: Date): WebhookBody {
  const { address: _address, channel: _channel, pushKeys: _pushKeys, expiresAt, data, ...rest } = message;
  return {
    type: 'notification',
    timestamp: now.toISOString(),
    data: {
      ...rest,
      ...(data !== undefined && { data: withoutOwnPart(data) }),
      ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    },
  };
}

function withoutOwnPart(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'webhook')) return data;
  const { webhook: _webhook, ...rest } = data as Readonly<Record<string, unknown>>;
  return rest;
}
