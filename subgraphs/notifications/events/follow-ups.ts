/**
 * Events that an event brings about. They are accepted when it is planned, each under a key that follows from it: once,
 * however often it is planned. One that cannot be accepted becomes a dead letter.
 */
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import { conflict, HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { derivedId } from '../../../platform/names/ids.ts';
import { DURABLE } from '../../../platform/storage/mongo.ts';
import type { AcceptService } from '../accept/accept.ts';
import type { PlanEnqueuer } from '../accept/plan-enqueuer.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { type OwnEvent, refusedEvent } from './refused-event.ts';

/** Saving a route looks so far for circles; what gets around that ends here. */
const MAX_DEPTH = 10;
/** Of an idempotency key. */
const MAX_KEY_CHARS = 200;

interface FollowUpDeps {
  readonly accept: Pick<AcceptService, 'accept'>;
  readonly models: Pick<NotificationModels, 'raw'>;
  readonly enqueuer: Pick<PlanEnqueuer, 'accepted'>;
  readonly log: Logger;
}

export class FollowUps {
  readonly #deps: FollowUpDeps;

  constructor(deps: FollowUpDeps) {
    this.#deps = deps;
  }

  /**
   * One that cannot be accepted (its route is gone, its data do not suit) becomes a dead letter: the event itself is
   * sent. @throws HeraldError UNAVAILABLE when the store does not answer, and what it throws: planned again.
   */
  async of(record: NotificationRecord): Promise<void> {
    const { followUps = [], followUpDepth = 0, workspace, app } = record;
    if (followUps.length === 0) return;
    const sender = { workspace, app, origin: { notification: record._id, depth: followUpDepth + 1 } };
    const inputs = followUps.map(
      ({ event, afterSeconds, to }, index): OwnEvent => ({
        event,
        ...(to.length > 0 && { to }),
        ...(record.data && { data: record.data }),
        ...(afterSeconds > 0 && { sendAt: new Date(record.dueAt.getTime() + afterSeconds * 1_000) }),
        idempotencyKey: keyOf(record, index),
      }),
    );
    const results =
      followUpDepth >= MAX_DEPTH
        ? inputs.map(() =>
            conflict(
              `${MAX_DEPTH} events have led to it, one by the other: they seem to go round in a circle.`,
            ),
          )
        : await this.#deps.accept.accept(
            sender,
            inputs,
            followUps.map((_, index) => `followUps.${index}`),
          );
    for (const [index, input] of inputs.entries()) {
      const refusal = results[index];
      if (!(refusal instanceof HeraldError)) continue;
      if (refusal.code === 'UNAVAILABLE') throw refusal;
      await this.#keep(refusedEvent(sender, input, refusal, record.priority, sharedDate()));
    }
  }

  /** Under the key that it would have had: once, too. */
  async #keep(refused: NotificationRecord): Promise<void> {
    const { models, enqueuer, log } = this.#deps;
    try {
      await models.raw.notifications.insertOne({ ...refused }, DURABLE);
    } catch (error) {
      if (isDuplicateKeyError(error)) return;
      throw error;
    }
    enqueuer.accepted([refused]);
    const { _id, event, followUpOf, refusal } = refused;
    log.error({ notification: _id, event, followUpOf, refusal }, 'follow-up not accepted: a dead letter');
  }
}

/** An event may be named several times, for several times. Pure. */
function keyOf({ _id, followUps = [] }: NotificationRecord, index: number): string {
  const event = followUps[index]?.event ?? '';
  const nth = followUps.slice(0, index).filter((other) => other.event === event).length;
  const key = `herald:follow-up:${_id}:${event}${nth === 0 ? '' : ` ${nth + 1}`}`;
  return key.length <= MAX_KEY_CHARS
    ? key
    : `herald:follow-up:${_id}:${derivedId('ntf', event, String(nth))}`;
}
