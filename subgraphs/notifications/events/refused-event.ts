/**
 * An event that could not be accepted although its caller is not there to hear it: it is stored all the same, and its
 * plan is one failed delivery, so that it is a dead letter. Replayed, it is accepted anew.
 */
import type { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { newId } from '../../../platform/names/ids.ts';
import type { AcceptService } from '../accept/accept.ts';
import type { SendInput } from '../accept/check-input.ts';
import { hashOf, idemOf, type Sender } from '../accept/to-record.ts';
import { FIRST_LOOK_MS } from '../outbox/looks.ts';
import type { NotificationRecord, RecipientEntry } from '../records/notification-record.ts';

/** An event as Herald itself sends it. */
export interface OwnEvent extends SendInput {
  readonly event: string;
  readonly idempotencyKey: string;
  readonly to?: readonly RecipientEntry[];
  readonly data?: Record<string, unknown>;
}

/** Pure but for the new id. */
export function refusedEvent(
  sender: Sender & Required<Pick<Sender, 'origin'>>,
  input: OwnEvent,
  { code, message, field }: Pick<HeraldError, 'code' | 'message' | 'field'>,
  priority: Priority,
  now: Date,
): NotificationRecord {
  const { event, to = [], data, sendAt, idempotencyKey } = input;
  return {
    _id: newId('ntf', now.getTime()),
    workspace: sender.workspace,
    app: sender.app,
    idem: idemOf(sender, idempotencyKey),
    requestHash: hashOf(input),
    state: 'ACCEPTED',
    priority,
    event,
    to,
    channels: [],
    followUpOf: sender.origin.notification,
    followUpDepth: sender.origin.depth,
    refusal: { code, message: field === undefined ? message : `${field}: ${message}` },
    ...(data && { data }),
    ...(sendAt && { sendAt }),
    createdAt: now,
    dueAt: now,
    nextAttemptAt: new Date(now.getTime() + FIRST_LOOK_MS),
    lane: priority,
    planned: false,
  };
}

/**
 * The notification that takes the place of a refused event, not stored yet.
 * @param data instead of its own. @throws HeraldError why it is still not accepted.
 */
export async function acceptAnew(
  accept: Pick<AcceptService, 'prepare'>,
  refused: NotificationRecord,
  data: Record<string, unknown> | undefined,
): Promise<NotificationRecord> {
  const { workspace, app, event = '', to, sendAt, followUpOf, followUpDepth = 0 } = refused;
  const own = data ?? refused.data;
  const record = await accept.prepare(
    {
      workspace,
      app,
      ...(followUpOf !== undefined && { origin: { notification: followUpOf, depth: followUpDepth } }),
    },
    { event, ...(to.length > 0 && { to }), ...(own && { data: own }), ...(sendAt && { sendAt }) },
    data ? 'edit' : 'event',
  );
  return { ...record, replayOf: refused._id };
}
