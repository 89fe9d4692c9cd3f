/** Puts planned deliveries into words. */

import { messageOf } from '../../platform/errors/message-of.ts';
import {
  hasTitle,
  type MessageContent,
  type NotificationRecord,
} from '../../subgraphs/notifications/index.ts';
import type { CompiledTemplate } from '../../subgraphs/templates/index.ts';
import { type PushDevice, type Recipient, writtenUserVariables } from '../../subgraphs/users/index.ts';
import type { ChainedDelivery } from './fallback-chains.ts';
import type { Planned } from './plan.ts';
import { isCollected } from './rules/digest-items.ts';

/** A template that fails for one recipient fails that delivery, and says why. */
export function inWords(
  notification: NotificationRecord,
  template: CompiledTemplate | undefined,
  planned: Planned,
  recipient: Recipient | undefined,
): ChainedDelivery {
  const delivery: ChainedDelivery = {
    channel: planned.channel,
    ...(planned.user !== undefined && { user: planned.user }),
    ...(planned.address !== undefined && { address: planned.address }),
    ...(planned.device && { device: deviceOf(planned.device) }),
    ...(planned.skipReason && { skipReason: planned.skipReason }),
    ...(planned.chained && { chained: planned.chained }),
  };
  // The words of a digest are made of all its items.
  if (planned.skipReason || isCollected(notification)) return delivery;
  if (!template) return { ...delivery, content: inlineContent(notification, planned, recipient) };
  try {
    return { ...delivery, content: rendered(notification, template, planned, recipient) };
  } catch (error) {
    return { ...delivery, renderError: messageOf(error) };
  }
}

/** Its address is the delivery's: what is stored of the device is the rest. */
export const deviceOf = ({ id, keys }: PushDevice): NonNullable<ChainedDelivery['device']> => ({
  id,
  ...(keys && { keys }),
});

/** `html` is for e-mail only. */
function inlineContent(
  { content, locale, otp }: Pick<NotificationRecord, 'content' | 'locale' | 'otp'>,
  planned: Planned,
  recipient: Recipient | undefined,
): MessageContent {
  const { html, title, ...rest } = content ?? { body: '' };
  return {
    ...rest,
    ...(title !== undefined && (!otp || hasTitle(planned.channel)) && { title }),
    ...(html !== undefined && planned.channel === 'EMAIL' && { html }),
    locale: locale ?? recipient?.locale ?? 'default',
  };
}

function rendered(
  notification: NotificationRecord,
  template: CompiledTemplate,
  planned: Planned,
  recipient: Recipient | undefined,
): MessageContent {
  const { channel: _channel, ...content } = template.render(
    planned.channel,
    notification.locale ?? recipient?.locale,
    {
      ...notification.data,
      data: notification.data ?? {},
      user: writtenUserVariables(recipient),
      notification: { id: notification._id, event: notification.event, category: notification.category },
    },
  );
  return content;
}
