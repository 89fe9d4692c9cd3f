/** Documents as the platform leaves them when all is done: a store that has been in use for a while is full of these. */
import { derivedId, newId, scopedKey } from '../../platform/names/ids.ts';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';

export interface Finished {
  readonly notification: NotificationRecord;
  readonly delivery: DeliveryRecord;
}

const WORKSPACE = 'default';

/**
 * A notification that was sent to one user by e-mail.
 * @param createdAt its id sorts by this time, as ids do.
 */
export function finished(number: number, createdAt: Date, users: number): Finished {
  const _id = newId('ntf', createdAt.getTime());
  const user = `filled-${number % users}`;
  const app = `app_filled_${number % 10}`;
  const done = new Date(createdAt.getTime() + 40);
  const failed = number % 1_000 === 0;
  return {
    notification: {
      _id,
      workspace: WORKSPACE,
      app,
      idem: `${WORKSPACE}|${app}|order-${number}`,
      state: 'COMPLETED',
      priority: number % 3 === 0 ? 'LOW' : 'MEDIUM',
      lane: 'TIMED',
      content: { title: `Order ${number}`, body: `Your order ${number} is on its way.` },
      to: [{ user }],
      channels: ['EMAIL'],
      category: 'orders',
      createdAt,
      dueAt: createdAt,
      nextAttemptAt: null,
      planned: true,
      plannedAt: done,
      deliveryCount: 1,
      usedChannels: ['EMAIL'],
      completedAt: done,
    },
    delivery: {
      _id: derivedId('dlv', _id, 'EMAIL', user),
      workspace: WORKSPACE,
      app,
      notification: _id,
      sole: true,
      channel: 'EMAIL',
      user,
      userKey: scopedKey(WORKSPACE, user),
      address: `${user}@example.com`,
      state: failed ? 'FAILED' : 'SENT',
      provider: 'smtp',
      ...(!failed && { providerMessageId: `<${number}@example.com>` }),
      attempt: 1,
      attempts: [
        {
          at: done,
          provider: 'smtp',
          ok: !failed,
          latencyMs: 12,
          ...(failed && { errorCode: 'CHANNEL_ADDRESS_INVALID' }),
        },
      ],
      content: { title: `Order ${number}`, body: `Your order ${number} is on its way.`, locale: 'en' },
      priority: 'MEDIUM',
      category: 'orders',
      createdAt,
      nextAttemptAt: null,
      fence: null,
      ...(failed ? { failedAt: done } : { sentAt: done }),
    },
  };
}
