/**
 * The plan step: from accepted notifications to stored deliveries. Notifications of concurrent jobs are
 * planned in one group, so that one read and one transaction serve many.
 */
import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import { Exclusive } from '../../platform/batching/exclusive.ts';
import { sharedDate } from '../../platform/clock/shared-clock.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import type {
  EventEffects,
  NotificationRecord,
  Outbox,
  PlanPage,
} from '../../subgraphs/notifications/index.ts';
import type { TakenJob } from '../taken-job.ts';
import { type Beginners, FirstAttempts } from './first-attempts.ts';
import { PageMaker, type PageMakerDeps } from './page-maker.ts';
import { givenUpPage, isLastTry, sortByTries } from './poison.ts';

const MAX_GROUP = 200;
/** While one group is stored, the next one is read and planned. */
const GROUPS_AT_ONCE = 2;
/** Deliveries in one transaction: a larger group of notifications is stored in several. */
const MAX_DELIVERIES = 2_000;

/** Takes what was planned to the send queues. */
export type Enqueue = (deliveries: readonly QueuedDelivery[]) => Promise<void>;

/** A notification of a job. */
interface TakenId {
  readonly id: string;
  readonly taken: TakenJob;
}

export class Planner {
  readonly #outbox: Outbox;
  readonly #pages: PageMaker;
  readonly #enqueue: Enqueue;
  readonly #log: Logger;
  readonly #effects: Pick<EventEffects, 'of'> | undefined;
  readonly #firstAttempts: FirstAttempts;
  readonly #inboxes: Exclusive;
  readonly #groups: Batcher<TakenId, true>;

  /** @param deps.beginners what can make first attempts at once; without it every message goes through its queue. */
  constructor(
    deps: Omit<PageMakerDeps, 'outbox'> & {
      outbox: Outbox;
      beginners?: Beginners;
      /** Without it events do nothing to others. */
      effects?: Pick<EventEffects, 'of'>;
      /** Keeps apart those who store into the same inbox; one for all planners of a process. */
      inboxes?: Exclusive;
      enqueue: Enqueue;
      log: Logger;
    },
  ) {
    this.#outbox = deps.outbox;
    this.#pages = new PageMaker(deps);
    this.#enqueue = deps.enqueue;
    this.#log = deps.log;
    this.#effects = deps.effects;
    this.#inboxes = deps.inboxes ?? new Exclusive();
    this.#firstAttempts = new FirstAttempts({
      outbox: deps.outbox,
      beginners: deps.beginners ?? NONE,
      store: (pages) => this.#storeGroup(pages),
      log: deps.log,
    });
    this.#groups = new Batcher((ids) => this.#planGroup(ids), {
      maxGroup: MAX_GROUP,
      maxInFlight: GROUPS_AT_ONCE,
    });
  }

  /** Plans notifications by id. A failure is logged; the notification stays as it is and the sweeper brings it back. */
  async plan(ids: readonly string[], taken: TakenJob): Promise<void> {
    for (const result of await this.#groups.submitAll(ids.map((id) => ({ id, taken }))))
      if (result.status === 'rejected')
        this.#log.error({ err: result.reason }, 'planning failed: the sweeper tries again');
  }

  /** Waits for what is in hand, once no more jobs come. */
  async close(): Promise<void> {
    await this.#groups.drain();
    await this.#firstAttempts.close();
  }

  async #planGroup(group: readonly TakenId[]): Promise<BatchResult<true>[]> {
    await this.#firstAttempts.ready();
    // Of a notification in two jobs the last one counts: either says that nobody else has it.
    const jobs = new Map(group.map(({ id, taken }) => [id, taken]));
    const due = await this.#outbox.duePlans([...jobs.keys()], sharedDate());
    const failures = new Map<string, unknown>();
    const { together, alone, givenUp, counted } = sortByTries(due);
    if (counted.length > 0) await this.#outbox.countTries(counted);
    await this.#planAll(together, jobs, failures);
    for (const record of alone) await this.#planAll([record], jobs, failures);
    const failed = alone.filter((record) => isLastTry(record) && failures.has(record._id));
    const ended = [
      ...givenUp.map((record) => givenUpPage(record)),
      ...failed.map((record) => givenUpPage(record, failures.get(record._id))),
    ];
    if (ended.length > 0) {
      this.#log.error(
        { notifications: ended.map(({ notification }) => notification._id) },
        'planning given up: dead letters',
      );
      await this.#store(ended, failures);
    }
    return group.map(({ id }) =>
      failures.has(id) ? { ok: false, error: failures.get(id) } : { ok: true, value: true },
    );
  }

  async #planAll(
    records: readonly NotificationRecord[],
    jobs: ReadonlyMap<string, TakenJob>,
    failures: Map<string, unknown>,
  ): Promise<void> {
    let open = await this.#withEffects(records, failures);
    while (open.length > 0) open = await this.#round(open, jobs, failures);
  }

  /** What events do to others comes first: one whose effects fail is planned again, and its message is sent then. */
  async #withEffects(
    records: readonly NotificationRecord[],
    failures: Map<string, unknown>,
  ): Promise<readonly NotificationRecord[]> {
    const effects = this.#effects;
    const concerned = records.filter(({ cancels, followUps }) => cancels || followUps);
    if (!effects || concerned.length === 0) return records;
    await Promise.all(
      concerned.map((record) =>
        effects.of(record).catch((error: unknown) => {
          failures.set(record._id, error);
        }),
      ),
    );
    return records.filter(({ _id }) => !failures.has(_id));
  }

  /** One page of each notification; returns those that have a further page. */
  async #round(
    records: readonly NotificationRecord[],
    jobs: ReadonlyMap<string, TakenJob>,
    failures: Map<string, unknown>,
  ): Promise<NotificationRecord[]> {
    const pages = await this.#inTime(await this.#pages.pages(records, failures));
    const chosen = this.#firstAttempts.chosenFrom(pages);
    const [stored] = await Promise.all([
      this.#store(
        pages.filter((page) => !chosen.has(page)),
        failures,
      ),
      this.#begin([...chosen], jobs, failures),
    ]);
    return pages
      .filter((page) => page.nextCursor !== undefined && stored.has(page.notification._id))
      .map((page) => ({ ...page.notification, planCursor: page.nextCursor ?? '', state: 'PROCESSING' }));
  }

  /** Without those that expired while they were planned, which is said of them now: their plans are empty. */
  async #inTime(pages: readonly PlanPage[]): Promise<readonly PlanPage[]> {
    const now = sharedDate();
    const late = pages.filter(({ notification: { expiresAt } }) => expiresAt && expiresAt <= now);
    if (late.length === 0) return pages;
    await this.#outbox.duePlans(
      late.map((page) => page.notification._id),
      now,
    );
    return pages.filter((page) => !late.includes(page));
  }

  async #begin(
    pages: readonly PlanPage[],
    jobs: ReadonlyMap<string, TakenJob>,
    failures: Map<string, unknown>,
  ): Promise<void> {
    try {
      await this.#firstAttempts.run(pages, jobs);
    } catch (error) {
      for (const page of pages) failures.set(page.notification._id, error);
    }
  }

  async #store(pages: readonly PlanPage[], failures: Map<string, unknown>): Promise<ReadonlySet<string>> {
    const stored = new Set<string>();
    for (const group of bySize(pages)) {
      try {
        for (const id of await this.#storeGroup(group)) stored.add(id);
      } catch (error) {
        for (const page of group) failures.set(page.notification._id, error);
      }
    }
    return stored;
  }

  async #storeGroup(pages: readonly PlanPage[]): Promise<ReadonlySet<string>> {
    // Two transactions that want the same inbox, or the same digest, conflict, and one of them would run again.
    const { queued, stored } = await this.#inboxes.run(sharedBy(pages), () =>
      this.#outbox.storePlans(pages, sharedDate()),
    );
    await this.#enqueue(queued);
    return stored;
  }
}

const NONE: Beginners = {
  room: () => 0,
  begin: () => {
    throw new Error('There is no room.');
  },
};

const sharedBy = (pages: readonly PlanPage[]): Set<string> => {
  const shared = new Set(
    pages.flatMap(({ notification, deliveries }) =>
      deliveries
        .filter(({ channel, skipReason }) => channel === 'IN_APP' && skipReason === undefined)
        .map(({ user }) => `${notification.workspace} ${user}`),
    ),
  );
  for (const { digestItems } of pages) for (const { series } of digestItems ?? []) shared.add(series);
  return shared;
};

function bySize(pages: readonly PlanPage[]): PlanPage[][] {
  const groups: PlanPage[][] = [];
  let size = 0;
  for (const page of pages) {
    const current = groups.at(-1);
    if (!current || size + page.deliveries.length > MAX_DELIVERIES) {
      groups.push([page]);
      size = page.deliveries.length;
    } else {
      current.push(page);
      size += page.deliveries.length;
    }
  }
  return groups;
}
