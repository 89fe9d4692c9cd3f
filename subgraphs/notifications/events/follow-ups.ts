/**
 * Events that an event brings about. They are accepted when it is planned, each under a key that follows from it: once,
 * however often it is planned.
 */

import { HeraldError } from '../../../platform/errors/herald-error.ts';
import { messageOf } from '../../../platform/errors/message-of.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { AcceptService } from '../accept/accept.ts';
import type { NotificationRecord } from '../records/notification-record.ts';

/** Saving a route looks so far for circles; what gets around that ends here. */
const MAX_DEPTH = 10;

export class FollowUps {
  readonly #accept: Pick<AcceptService, 'accept'>;
  readonly #log: Logger;

  constructor(accept: Pick<AcceptService, 'accept'>, log: Logger) {
    this.#accept = accept;
    this.#log = log;
  }

  /**
   * One that cannot be accepted (its route is gone, its data do not suit) is logged and left out: the event itself is
   * sent. @throws HeraldError UNAVAILABLE when the store does not answer: planned again.
   */
  async of(record: NotificationRecord): Promise<void> {
    const { followUps = [], followUpDepth = 0 } = record;
    if (followUps.length === 0) return;
    if (followUpDepth >= MAX_DEPTH) {
      this.#log.error({ notification: record._id, event: record.event }, 'follow-ups without end: cut off');
      return;
    }
    const { workspace, app } = record;
    const results = await this.#accept.accept(
      { workspace, app, origin: { notification: record._id, depth: followUpDepth + 1 } },
      followUps.map(({ event, afterSeconds, to }) => ({
        event,
        ...(to.length > 0 && { to }),
        ...(record.data && { data: record.data }),
        ...(afterSeconds > 0 && { sendAt: new Date(record.dueAt.getTime() + afterSeconds * 1_000) }),
        idempotencyKey: `herald:follow-up:${record._id}:${event}`.slice(0, 200),
      })),
      followUps.map((_, index) => `followUps.${index}`),
    );
    for (const [index, result] of results.entries()) {
      if (!(result instanceof HeraldError)) continue;
      if (result.code === 'UNAVAILABLE') throw result;
      this.#log.error(
        { notification: record._id, event: followUps[index]?.event, reason: messageOf(result) },
        'follow-up not accepted',
      );
    }
  }
}
