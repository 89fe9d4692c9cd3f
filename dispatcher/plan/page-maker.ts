/** Makes pages of plans: reads who the recipients are and what is said to them, and asks the pure decisions. */
import { sharedDate } from '../../platform/clock/shared-clock.ts';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type {
  DeliveryRecord,
  NotificationRecord,
  Outbox,
  PlannedDelivery,
  PlanPage,
} from '../../subgraphs/notifications/index.ts';
import type { CompiledTemplate, TemplatesService } from '../../subgraphs/templates/index.ts';
import type { Recipient, UsersService } from '../../subgraphs/users/index.ts';
import { withChains } from './fallback-chains.ts';
import { nextPage, type PageOfRecipients } from './pages.ts';
import { plan } from './plan.ts';
import type { PushRules } from './push-targets.ts';
import { needsWords, nextResendPage, planResend } from './resend.ts';
import { withoutStopped } from './stopped-addresses.ts';
import { inWords } from './words.ts';

export interface PageMakerDeps {
  readonly outbox: Pick<Outbox, 'originals'>;
  readonly users: UsersService;
  readonly templates: TemplatesService;
  /** The channels that a provider (or the sandbox) serves for a notification's workspace and app, and IN_APP. */
  readonly configured: (record: Pick<NotificationRecord, 'workspace' | 'app'>) => ReadonlySet<Channel>;
  /** Which devices of a person get push messages; all without it. */
  readonly push?: PushRules;
}

type People = ReadonlyMap<string, ReadonlyMap<string, Recipient>>;

export class PageMaker {
  readonly #deps: PageMakerDeps;

  constructor(deps: PageMakerDeps) {
    this.#deps = deps;
  }

  /**
   * The next page of each notification. One bad notification does not stop the others.
   * @param failures takes what went wrong, by notification.
   */
  async pages(
    records: readonly NotificationRecord[],
    failures: Map<string, unknown>,
  ): Promise<readonly PlanPage[]> {
    const recipients = await settle(records, failures, (record) =>
      record.resend ? nextResendPage(record, this.#deps.outbox) : nextPage(record, this.#deps.users),
    );
    const people = await this.#people(recipients);
    const pages = await settle([...recipients.keys()], failures, (record) =>
      this.#page(record, recipients.get(record) ?? { users: [], addresses: [] }, people),
    );
    const allowed = await withoutStopped([...pages.values()], this.#deps.users, failures);
    return allowed.map(withChains);
  }

  async #people(pages: ReadonlyMap<NotificationRecord, PageOfRecipients>): Promise<People> {
    const wanted = new Map<string, Set<string>>();
    for (const [record, page] of pages) {
      const ids = wanted.get(record.workspace) ?? new Set<string>();
      wanted.set(record.workspace, ids);
      for (const user of page.users) ids.add(user);
    }
    const found = await Promise.all(
      [...wanted].map(
        async ([workspace, ids]) =>
          [workspace, await this.#deps.users.recipients(workspace, [...ids])] as const,
      ),
    );
    return new Map(found);
  }

  async #page(record: NotificationRecord, page: PageOfRecipients, people: People): Promise<PlanPage> {
    const known = people.get(record.workspace) ?? new Map<string, Recipient>();
    if (page.originals) return this.#resendPage(record, page.originals, known, page.nextCursor);
    const recipients = page.users.flatMap((id) => known.get(id) ?? []);
    const template = await this.#template(record);
    const planned = plan(
      { ...record, to: page.addresses },
      template ? { offered: template.channels } : {},
      recipients,
      new Map(recipients.map((r) => [r.id, r.preferences])),
      this.#deps.configured(record),
      sharedDate(),
      this.#deps.push,
    );
    return {
      notification: record,
      ...(template && { templateVersion: template.version }),
      deliveries: [
        ...planned.map((p) =>
          inWords(record, template, p, p.user === undefined ? undefined : known.get(p.user)),
        ),
        ...page.users.filter((id) => !known.has(id)).map((user) => gone(record, user)),
      ],
      ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
    };
  }

  /** A replay whose words are there already does without the template, which may be gone. */
  async #resendPage(
    record: NotificationRecord,
    originals: readonly DeliveryRecord[],
    people: ReadonlyMap<string, Recipient>,
    nextCursor: string | undefined,
  ): Promise<PlanPage> {
    const template = originals.some((original) => needsWords(record, original))
      ? await this.#template(record)
      : undefined;
    return {
      notification: record,
      ...(template && { templateVersion: template.version }),
      deliveries: planResend(record, originals, template, people, this.#deps.configured(record)),
      ...(nextCursor !== undefined && { nextCursor }),
    };
  }

  /** The version of the first page serves all pages: nobody gets half of one and half of another. */
  async #template(record: NotificationRecord): Promise<CompiledTemplate | undefined> {
    if (record.template === undefined) return undefined;
    const { templates } = this.#deps;
    const template =
      record.templateVersion === undefined
        ? await templates.publishedTemplate(record.workspace, record.template)
        : await templates.templateVersion(record.workspace, record.template, record.templateVersion);
    if (!template)
      throw new Error(`There is no published template "${record.template}" in ${record.workspace}.`);
    return template;
  }
}

async function settle<T>(
  records: readonly NotificationRecord[],
  failures: Map<string, unknown>,
  work: (record: NotificationRecord) => Promise<T>,
): Promise<Map<NotificationRecord, T>> {
  const results = new Map<NotificationRecord, T>();
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

/** A person whom nobody knows any more: nothing can be sent, but the recipient does not vanish either. */
const gone = ({ channels }: NotificationRecord, user: string): PlannedDelivery => ({
  channel: channels[0] ?? 'IN_APP',
  user,
  skipReason: 'NO_ADDRESS',
});
