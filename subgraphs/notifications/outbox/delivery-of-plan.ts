/** From the planner's decision to the stored delivery. Pure. */
import { derivedId, scopedKey } from '../../../platform/names/ids.ts';
import type { AttemptRecord, ChainPlace, DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { AttemptOutcome } from './attempt-outcome.ts';
import { FIRST_LOOK_MS } from './looks.ts';
import type { PlannedChainPlace, PlannedDelivery } from './plan-page.ts';

type Progress = Pick<DeliveryRecord, 'state' | 'attempt' | 'attempts' | 'nextAttemptAt' | 'fence'> &
  Partial<DeliveryRecord>;

/**
 * Its id follows from notification, recipient, channel and device, so that one recipient on one channel is one
 * delivery however often it is planned. IN_APP is final here: its message is stored in the same transaction.
 */
export function deliveryOfPlan(
  notification: NotificationRecord,
  planned: PlannedDelivery,
  options: { sole: boolean; now: Date },
): DeliveryRecord {
  return {
    _id: planned.id ?? deliveryId(notification, planned),
    workspace: notification.workspace,
    app: notification.app,
    notification: notification._id,
    sole: options.sole,
    channel: planned.channel,
    ...(planned.user !== undefined && {
      user: planned.user,
      userKey: scopedKey(notification.workspace, planned.user),
    }),
    ...(planned.address !== undefined && { address: planned.address }),
    ...(planned.device && { device: planned.device }),
    ...(planned.content && { content: planned.content }),
    ...(planned.skippedFor !== undefined && { skippedFor: planned.skippedFor }),
    ...(planned.quiet && { quiet: planned.quiet }),
    ...(planned.chain && { chain: placeOf(planned.chain, planned.held, options.now) }),
    priority: notification.priority,
    ...ofAction(notification, planned),
    ...(notification.event !== undefined && { event: notification.event }),
    ...(notification.otp && { otp: notification.otp.id }),
    createdAt: options.now,
    ...(notification.expiresAt && { expiresAt: notification.expiresAt }),
    ...progressOf(planned, options.now),
  };
}

/** The same however often it is planned. */
export const deliveryId = (
  notification: Pick<NotificationRecord, '_id'>,
  {
    channel,
    user = '',
    address = '',
    device,
    action,
  }: Pick<PlannedDelivery, 'channel' | 'user' | 'address' | 'device' | 'action'>,
): string =>
  derivedId(
    'dlv',
    notification._id,
    channel,
    user,
    address,
    device?.id ?? '',
    ...(action ? [action.name] : []),
  );

/** Of an event with several messages, what they have of their own. */
function ofAction(
  notification: NotificationRecord,
  { action }: PlannedDelivery,
): Pick<DeliveryRecord, 'action' | 'category' | 'template'> {
  const { template, category } = action ?? notification;
  return {
    ...(action && { action: action.name }),
    ...(category !== undefined && { category }),
    ...(template !== undefined && { template }),
  };
}

const placeOf = (
  { waits, ...place }: PlannedChainPlace,
  held: PlannedDelivery['held'],
  now: Date,
): ChainPlace => ({
  ...place,
  ...(!waits && !held && { startedAt: now }),
});

function progressOf(planned: PlannedDelivery, now: Date): Progress {
  const untried = { attempt: 0, attempts: [] };
  if (planned.skipReason)
    return { ...untried, state: 'SKIPPED', skipReason: planned.skipReason, nextAttemptAt: null };
  if (planned.renderError !== undefined)
    return ended({
      attempt: {
        at: now,
        provider: 'template',
        ok: false,
        errorCode: 'CHANNEL_RENDER_FAILED',
        errorMessage: planned.renderError,
        latencyMs: 0,
      },
      result: { kind: 'failed' },
    });
  if (planned.channel === 'IN_APP')
    return {
      ...ended({
        attempt: { at: now, provider: 'inbox', ok: true, latencyMs: 0 },
        result: { kind: 'sent' },
      }),
      state: 'DELIVERED',
      deliveredAt: now,
    };
  const { begun } = planned;
  if (begun?.kind === 'ended') return ended(begun.outcome);
  if (begun?.kind === 'underWay')
    return {
      ...untried,
      state: 'SENDING',
      fence: begun.fence,
      claims: 1,
      nextAttemptAt: begun.leaseUntil,
    };
  return { ...untried, state: 'QUEUED', nextAttemptAt: new Date(now.getTime() + FIRST_LOOK_MS) };
}

const ended = ({ attempt, result }: Pick<AttemptOutcome, 'attempt' | 'result'>): Progress => ({
  attempt: 1,
  attempts: [attempt],
  ...afterAttempt(attempt, result),
});

/** What an attempt's result makes of a delivery. */
export function afterAttempt(
  attempt: AttemptRecord,
  result: AttemptOutcome['result'],
): Pick<DeliveryRecord, 'state' | 'nextAttemptAt'> & Partial<DeliveryRecord> {
  switch (result.kind) {
    case 'sent':
      return {
        state: 'SENT',
        provider: attempt.provider,
        sentAt: attempt.at,
        nextAttemptAt: null,
        ...(result.providerMessageId !== undefined && { providerMessageId: result.providerMessageId }),
      };
    case 'retry':
      return { state: 'QUEUED', nextAttemptAt: result.nextAttemptAt };
    case 'failed':
      return { state: 'FAILED', provider: attempt.provider, failedAt: attempt.at, nextAttemptAt: null };
  }
}
