/** A delivery as one line. */
import type { DeliveriesSubscription } from '../generated/operations.ts';
import { plainText } from '../terminal/plain-text.ts';
import type { Style } from '../terminal/style.ts';

export type LiveDelivery = DeliveriesSubscription['deliveryUpdated'];

/** @param time of day, as it is shown. */
export function deliveryLine(delivery: LiveDelivery, time: string, style: Style): string {
  const { state, channel, notification } = delivery;
  const what = notification.event ?? notification.template?.id ?? 'content';
  const whom = delivery.user?.id ?? delivery.address ?? 'nobody';
  const parts = [
    style.dim(time),
    colour(state, style)(state.padEnd(9)),
    channel.padEnd(11),
    plainText(whom),
    style.dim('←'),
    `${plainText(notification.app.name)} ${style.dim(plainText(what))}`,
    reason(delivery),
    style.dim(notification.id),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function reason({ state, skipReason, provider, attempts }: LiveDelivery): string {
  if (skipReason !== null) return skipReason;
  const last = attempts.at(-1);
  if (last && !last.ok && state !== 'SENT' && state !== 'DELIVERED')
    return plainText(
      `attempt ${attempts.length}: ${last.errorCode ?? 'failed'} ${last.errorMessage ?? ''}`.trimEnd(),
    );
  if (last?.ok && provider !== null) return plainText(`${provider} ${last.latencyMs} ms`);
  return provider === null ? '' : plainText(provider);
}

function colour(state: LiveDelivery['state'], style: Style): (text: string) => string {
  switch (state) {
    case 'SENT':
    case 'DELIVERED':
      return style.green;
    case 'FAILED':
      return style.red;
    case 'SKIPPED':
    case 'EXPIRED':
    case 'CANCELED':
      return style.yellow;
    case 'QUEUED':
    case 'SENDING':
      return style.dim;
  }
}
