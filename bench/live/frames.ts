/** What is asked for over the sockets, and what an answer says. */

/** The user's name, from another subgraph than the delivery: one entity fetch. */
export const SHARED_OPERATION =
  'subscription Live($states: [DeliveryState!]) { deliveryUpdated(states: $states) { id state user { name } } }';
/** `user.id` is in the event itself: no entity fetch. */
export const OWN_OPERATION =
  'subscription Inbox { inboxEvents { type unreadCount message { id body user { id } } } }';

/** The name of the user to whom event number `n` is sent, by which its frames are known. */
export const eventName = (n: number): string => `event ${n}`;
/** The body of message number `n`, which is for `user` alone. */
export const messageBody = (n: number, user: string): string => `${n} for ${user}`;

interface Frame {
  readonly type: string;
  readonly payload?: {
    readonly errors?: readonly unknown[];
    readonly data?: {
      readonly deliveryUpdated?: { readonly user?: { readonly name?: string } };
      readonly inboxEvents?: { readonly message: { readonly body: string; readonly user: { id: string } } };
    };
  };
}

/**
 * The number of the event that a `next` message brings.
 * @throws Error with the message when it is anything else, or has errors.
 */
export function sharedEvent(text: string): number {
  const { type, payload } = JSON.parse(text) as Frame;
  const n = Number(/^event (\d+)$/.exec(payload?.data?.deliveryUpdated?.user?.name ?? '')?.[1] ?? Number.NaN);
  if (type !== 'next' || payload?.errors || Number.isNaN(n)) throw unexpected(text);
  return n;
}

/**
 * The number of the inbox message that a `next` message brings.
 * @param user whose socket it came on.
 * @throws Error with the message when it is another user's, anything else, or has errors.
 */
export function ownMessage(text: string, user: string): number {
  const { type, payload } = JSON.parse(text) as Frame;
  const message = payload?.data?.inboxEvents?.message;
  const [, n, addressee] = /^(\d+) for (.+)$/.exec(message?.body ?? '') ?? [];
  if (type !== 'next' || payload?.errors || n === undefined) throw unexpected(text);
  if (addressee !== user || message?.user.id !== user)
    throw new Error(`another user's message came to ${user}: ${text}`);
  return Number(n);
}

const unexpected = (text: string): Error => new Error(`unexpected message: ${text.slice(0, 500)}`);
