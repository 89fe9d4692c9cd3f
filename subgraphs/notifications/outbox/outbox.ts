/**
 * The outbox: what workers do to notifications and deliveries. Each step may run twice; the second run changes nothing.
 * No step waits for the event log: it is told what was stored, and closes when all is written.
 */

import type { Connection } from 'mongoose';
import { Counter } from 'prom-client';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { metricsRegistry } from '../../../platform/http/metrics.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { QueuedDelivery } from '../../../platform/queues/enqueue-sends.ts';
import { updateManyApart } from '../../../platform/storage/mongo.ts';
import { ChainFollower } from '../chains/chain-follower.ts';
import { isHeldBack } from '../chains/chain-rules.ts';
import type { InboxPublisher } from '../inbox/inbox-publisher.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord, PlanLane } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import type { AttemptOutcome, Deferral } from './attempt-outcome.ts';
import { claimDeliveries } from './claim-deliveries.ts';
import { completeFinished, sharedOf } from './completion.ts';
import { CompletionChecks } from './completion-checks.ts';
import { claimPlans, countTries, duePlans } from './due-plans.ts';
import type { Lane, Outbox, SweepRound } from './outbox-steps.ts';
import type { PlanPage } from './plan-page.ts';
import { recordOutcomes } from './record-outcomes.ts';
import { storePlans } from './store-plans.ts';
import { queuedOf, sweepDeliveries, sweepPlans } from './sweep.ts';

const recorded = new Counter({
  name: 'herald_outcomes_recorded_total',
  help: 'Attempts whose outcome was stored.',
  labelNames: ['result'] as const,
  registers: [metricsRegistry],
});

const fenced = new Counter({
  name: 'herald_outcomes_fenced_total',
  help: 'Outcomes that were not stored, because their worker had lost its claim: it stood still for too long.',
  registers: [metricsRegistry],
});

/** A longer wait is left to the sweeper, which is some seconds late: Redis is no calendar, and most of it never has to be sent. */
const MAX_QUEUED_WAIT_MS = 5 * 60_000;

/** How a delivery of a new plan is queued, if it is. */
function queuedNow(delivery: DeliveryRecord, now: Date): QueuedDelivery[] {
  const { attempt, nextAttemptAt, chain, held } = delivery;
  if (!isHeldBack(delivery) && !held)
    return [queuedOf(delivery, attempt === 0 ? now : (nextAttemptAt ?? now))];
  // Without a time it waits for the step before, whose end brings it.
  if (!held && chain?.afterSeconds === undefined) return [];
  return nextAttemptAt && nextAttemptAt.getTime() - now.getTime() <= MAX_QUEUED_WAIT_MS
    ? [queuedOf(delivery, nextAttemptAt)]
    : [];
}

export class MongoOutbox implements Outbox {
  readonly #connection: Connection;
  readonly #models: NotificationModels;
  readonly #events: EventLog;
  readonly #inbox: InboxPublisher;
  readonly #completions: CompletionChecks;
  readonly #chains: ChainFollower;

  constructor(deps: {
    connection: Connection;
    models: NotificationModels;
    events: EventLog;
    inbox: InboxPublisher;
    log: Logger;
  }) {
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#events = deps.events;
    this.#inbox = deps.inbox;
    this.#chains = new ChainFollower(deps);
    this.#completions = new CompletionChecks(
      (ids) => this.#completeFinished(ids),
      (error) => deps.log.warn({ err: error }, 'completion not looked at: left to the sweeper'),
    );
  }

  async duePlans(ids: readonly string[], now: Date): Promise<NotificationRecord[]> {
    const { due, events } = await duePlans(this.#connection, this.#models, ids, now);
    void this.#events.append(events);
    return due;
  }

  claimPlans(ids: readonly string[], claim: string, leaseUntil: Date): Promise<ReadonlySet<string>> {
    return claimPlans(this.#connection, this.#models, ids, claim, leaseUntil);
  }

  countTries(ids: readonly string[]): Promise<void> {
    return countTries(this.#connection, this.#models, ids);
  }

  async storePlans(
    pages: readonly PlanPage[],
    now: Date,
  ): Promise<{ queued: QueuedDelivery[]; stored: ReadonlySet<string> }> {
    if (pages.length === 0) return { queued: [], stored: new Set() };
    const result = await storePlans(this.#connection, this.#models, pages, now);
    for (const { attempts, provider } of result.deliveries)
      if (attempts.length > 0 && provider !== 'inbox') recorded.inc({ result: 'first' });
    const pagedToTheEnd = pages
      .filter((p) => p.nextCursor === undefined && p.notification.planCursor !== undefined)
      .map((p) => p.notification._id);
    void this.#events.append(result.events);
    await Promise.all([
      this.#inbox.received(result.messages, result.unread),
      this.#completions.ask(pagedToTheEnd),
    ]);
    const queued = result.deliveries.filter((d) => d.state === 'QUEUED').flatMap((d) => queuedNow(d, now));
    return { queued, stored: result.stored };
  }

  async originals(ids: readonly string[]): Promise<DeliveryRecord[]> {
    return this.#models.raw.deliveries.find({ _id: { $in: ids as string[] } }).toArray();
  }

  async claim(
    ids: readonly string[],
    attempt: number,
    fence: string,
    now: Date,
    leaseUntil: Date,
  ): Promise<DeliveryRecord[]> {
    const claim = { ids, attempt, fence, now, leaseUntil };
    const { deliveries, begun, ended, events } = await claimDeliveries(this.#connection, this.#models, claim);
    void this.#events.append(events);
    await this.#completions.ask(sharedOf(ended));
    // What becomes due by that, the sweeper queues.
    await this.#chains.follow([...begun, ...ended]);
    return [...deliveries];
  }

  async renew(ids: readonly string[], fence: string, leaseUntil: Date): Promise<void> {
    await updateManyApart(
      this.#connection,
      this.#models.raw.deliveries,
      { _id: { $in: ids as string[] }, fence, state: 'SENDING' },
      { $set: { nextAttemptAt: leaseUntil } },
    );
  }

  async record(outcomes: readonly AttemptOutcome[], fence: string): Promise<QueuedDelivery[]> {
    if (outcomes.length === 0) return [];
    const now = sharedDate();
    const { written, events } = await recordOutcomes(this.#connection, this.#models, outcomes, fence, now);
    for (const { result } of written) recorded.inc({ result: result.kind });
    fenced.inc(outcomes.length - written.length);
    const ended = written.filter((o) => o.result.kind !== 'retry').map((o) => o.delivery);
    void this.#events.append(events);
    const due = await this.#chains.follow(ended);
    await this.#completions.ask(sharedOf(ended));
    const retries = written.flatMap((o) =>
      o.result.kind === 'retry'
        ? [queuedOf({ ...o.delivery, attempt: o.delivery.attempt + 1 }, o.result.nextAttemptAt)]
        : [],
    );
    return [...retries, ...due];
  }

  async defer(deferrals: readonly Deferral[], fence: string): Promise<void> {
    const byTime = Map.groupBy(deferrals, ({ until }) => until.getTime());
    for (const [time, own] of byTime)
      await updateManyApart(
        this.#connection,
        this.#models.raw.deliveries,
        { _id: { $in: own.map((d) => d.delivery) }, fence, state: 'SENDING' },
        { $set: { state: 'QUEUED', fence: null, claims: 0, nextAttemptAt: new Date(time) } },
      );
  }

  async postpone(ids: readonly string[], attempt: number, until: Date): Promise<void> {
    if (ids.length === 0) return;
    await updateManyApart(
      this.#connection,
      this.#models.raw.deliveries,
      { _id: { $in: ids as string[] }, state: 'QUEUED', attempt },
      { $set: { nextAttemptAt: until } },
    );
  }

  async sweepPlans(lane: PlanLane, round: SweepRound): Promise<{ id: string; priority: Priority }[]> {
    const { found, events } = await sweepPlans(this.#connection, this.#models, lane, round);
    void this.#events.append(events);
    return found;
  }

  sweepDeliveries(lane: Lane, round: SweepRound): Promise<QueuedDelivery[]> {
    return sweepDeliveries(this.#connection, this.#models, lane, round);
  }

  async #completeFinished(ids: readonly string[]): Promise<void> {
    await this.#events.append(await completeFinished(this.#connection, this.#models, ids, sharedDate()));
  }
}
