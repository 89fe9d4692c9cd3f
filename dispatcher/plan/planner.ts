/**
 * The plan step: from accepted notifications to stored deliveries. Notifications of concurrent jobs are
 * planned in one group, so that one read and one transaction serve many.
 */

import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { QueuedDelivery } from '../../platform/queues/enqueue-sends.ts';
import type {
  NotificationRecord,
  Outbox,
  PlannedDelivery,
  PlanPage,
} from '../../subgraphs/notifications/index.ts';
import type { CompiledTemplate, TemplatesService } from '../../subgraphs/templates/index.ts';
import type { Recipient, UsersService } from '../../subgraphs/users/index.ts';
import { nextPage, type PageOfRecipients } from './pages.ts';
import { plan } from './plan.ts';
import { inWords } from './words.ts';

const MAX_GROUP = 200;
/** Deliveries in one transaction: a larger group of notifications is stored in several. */
const MAX_DELIVERIES = 2_000;

/** Takes what was planned to the send queues. */
export type Enqueue = (deliveries: readonly QueuedDelivery[]) => Promise<void>;

export class Planner {
  readonly #outbox: Outbox;
  readonly #users: UsersService;
  readonly #templates: TemplatesService;
  readonly #configured: ReadonlySet<Channel>;
  readonly #enqueue: Enqueue;
  readonly #log: Logger;
  readonly #groups: Batcher<string, true>;

  constructor(deps: {
    outbox: Outbox;
    users: UsersService;
    templates: TemplatesService;
    configured: ReadonlySet<Channel>;
    enqueue: Enqueue;
    log: Logger;
  }) {
    this.#outbox = deps.outbox;
    this.#users = deps.users;
    this.#templates = deps.templates;
    this.#configured = deps.configured;
    this.#enqueue = deps.enqueue;
    this.#log = deps.log;
    // One group at a time: two at once would often want the same inbox, and one of them would run again.
    this.#groups = new Batcher((ids) => this.#planGroup(ids), { maxGroup: MAX_GROUP });
  }

  /** Plans notifications by id. A failure is logged; the notification stays as it is and the sweeper brings it back. */
  async plan(ids: readonly string[]): Promise<void> {
    for (const result of await this.#groups.submitAll(ids))
      if (result.status === 'rejected')
        this.#log.error({ err: result.reason }, 'planning failed: the sweeper tries again');
  }

  async #planGroup(ids: readonly string[]): Promise<BatchResult<true>[]> {
    let open = await this.#outbox.duePlans([...new Set(ids)], new Date());
    const failures = new Map<string, unknown>();
    while (open.length > 0) open = await this.#round(open, failures);
    return ids.map((id) =>
      failures.has(id) ? { ok: false, error: failures.get(id) } : { ok: true, value: true },
    );
  }

  /** One page of each notification; returns those that have a further page. */
  async #round(
    records: readonly NotificationRecord[],
    failures: Map<string, unknown>,
  ): Promise<NotificationRecord[]> {
    const recipientPages = await this.#settle(records, failures, (record) => nextPage(record, this.#users));
    const people = await this.#people(recipientPages);
    const pages = await this.#settle(
      recipientPages.map(([record]) => record),
      failures,
      async (record) => this.#pageOf(record, recipientPages.get(record), people),
    );
    const stored = await this.#store([...pages.values()], failures);
    return [...pages.values()]
      .filter((page) => page.nextCursor !== undefined && stored.has(page.notification._id))
      .map((page) => ({ ...page.notification, planCursor: page.nextCursor ?? '', state: 'PROCESSING' }));
  }

  /** One bad notification does not stop the others. */
  async #settle<T>(
    records: readonly NotificationRecord[],
    failures: Map<string, unknown>,
    work: (record: NotificationRecord) => Promise<T>,
  ): Promise<Entries<NotificationRecord, T>> {
    const results = new Entries<NotificationRecord, T>();
    await Promise.all(
      records.map(async (record) => {
        try {
          results.set(record, await work(record));
        } catch (error) {
          failures.set(record._id, error);
        }
      }),
    );
    return results;
  }

  async #people(
    pages: Entries<NotificationRecord, PageOfRecipients>,
  ): Promise<ReadonlyMap<string, Map<string, Recipient>>> {
    const wanted = new Map<string, Set<string>>();
    for (const [record, page] of pages) {
      const ids = wanted.get(record.workspace) ?? new Set<string>();
      wanted.set(record.workspace, ids);
      for (const user of page.users) ids.add(user);
    }
    const found = await Promise.all(
      [...wanted].map(
        async ([workspace, ids]) => [workspace, await this.#users.recipients(workspace, [...ids])] as const,
      ),
    );
    return new Map(found);
  }

  async #pageOf(
    record: NotificationRecord,
    recipientsPage: PageOfRecipients | undefined,
    people: ReadonlyMap<string, Map<string, Recipient>>,
  ): Promise<PlanPage> {
    const page = recipientsPage ?? { users: [], addresses: [] };
    const template = await this.#templateOf(record);
    const recipients = page.users.flatMap((id) => people.get(record.workspace)?.get(id) ?? []);
    const byId = new Map(recipients.map((r) => [r.id, r]));
    const planned = plan(
      { ...record, to: page.addresses },
      template ? { offered: template.channels } : {},
      recipients,
      new Map(recipients.map((r) => [r.id, r.preferences])),
      this.#configured,
      new Date(),
    );
    return {
      notification: record,
      ...(template && { templateVersion: template.version }),
      deliveries: [
        ...planned.map((p) =>
          inWords(record, template, p, p.user === undefined ? undefined : byId.get(p.user)),
        ),
        ...page.users.filter((id) => !byId.has(id)).map((user) => gone(record, user)),
      ],
      ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
    };
  }

  /** The version of the first page serves all pages: nobody gets half of one and half of another. */
  async #templateOf(record: NotificationRecord): Promise<CompiledTemplate | undefined> {
    if (record.template === undefined) return undefined;
    const template =
      record.templateVersion === undefined
        ? await this.#templates.publishedTemplate(record.workspace, record.template)
        : await this.#templates.templateVersion(record.workspace, record.template, record.templateVersion);
    if (!template)
      throw new Error(`There is no published template "${record.template}" in ${record.workspace}.`);
    return template;
  }

  async #store(pages: readonly PlanPage[], failures: Map<string, unknown>): Promise<ReadonlySet<string>> {
    const stored = new Set<string>();
    for (const group of bySize(pages)) {
      try {
        const result = await this.#outbox.storePlans(group, new Date());
        for (const id of result.stored) stored.add(id);
        await this.#enqueue(result.queued);
      } catch (error) {
        for (const page of group) failures.set(page.notification._id, error);
      }
    }
    return stored;
  }
}

/** A person whom nobody knows any more: nothing can be sent, but the recipient does not vanish either. */
const gone = ({ channels }: NotificationRecord, user: string): PlannedDelivery => ({
  channel: channels[0] ?? 'IN_APP',
  user,
  skipReason: 'NO_ADDRESS',
});

/** A map by identity that is iterated as pairs. */
class Entries<K, V> extends Map<K, V> {
  map<T>(change: (entry: [K, V]) => T): T[] {
    return [...this].map(change);
  }
}

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
