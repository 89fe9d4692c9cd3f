/** Makes pages of plans: reads who the recipients are and what is said to them, and asks the pure decisions. */
import { sharedDate } from '../../platform/clock/shared-clock.ts';
import { judge } from '../../platform/conditions/condition.ts';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type {
  DeliveryRecord,
  NotificationRecord,
  Outbox,
  PlannedDelivery,
  PlanPage,
  RuleStore,
} from '../../subgraphs/notifications/index.ts';
import type { CompiledTemplate, TemplatesService } from '../../subgraphs/templates/index.ts';
import { type Recipient, type UsersService, userVariables } from '../../subgraphs/users/index.ts';
import { type Act, actOf, ofAction } from './actions.ts';
import { withChains } from './fallback-chains.ts';
import { onlyIfUnseen, type UnseenRule } from './only-if-unseen.ts';
import { nextPage, type PageOfRecipients } from './pages.ts';
import { plan } from './plan.ts';
import type { PushRules } from './push-targets.ts';
import { needsWords, nextResendPage, planResend, templateOf } from './resend.ts';
import { concernRules, type People, withRules } from './rules/with-rules.ts';
import { withoutStopped } from './stopped-addresses.ts';
import { inWords } from './words.ts';

export interface PageMakerDeps {
  readonly outbox: Pick<Outbox, 'originals'>;
  readonly users: UsersService;
  readonly templates: TemplatesService;
  readonly rules: RuleStore;
  /** The channels that a provider (or the sandbox) serves for a notification's workspace and app, and IN_APP. */
  readonly configured: (record: Pick<NotificationRecord, 'workspace' | 'app'>) => ReadonlySet<Channel>;
  /** Which devices of a person get push messages; all without it. */
  readonly push?: PushRules;
  /** Who is looking at the inbox gets a push later, if at all; at once without it. */
  readonly unseen?: UnseenRule;
  /** Told of users whom a condition of recipients leaves out. */
  readonly onUnwanted?: (act: Pick<Act, 'record' | 'action'>, user: string, because: string) => void;
}

/** Those for whom the condition of the message holds. */
function wanted(
  act: Pick<Act, 'record' | 'action'>,
  recipients: readonly Recipient[],
  onUnwanted: PageMakerDeps['onUnwanted'],
): readonly Recipient[] {
  const { recipientWhen, data, event } = act.record;
  if (recipientWhen === undefined) return recipients;
  const shared = { data: data ?? {}, event: event ?? '', now: sharedDate() };
  return recipients.filter((recipient) => {
    const verdict = judge('recipient', recipientWhen, { ...shared, user: userVariables(recipient) });
    if (!verdict.holds && onUnwanted) {
      const why = 'because' in verdict ? `: ${verdict.because}` : '.';
      onUnwanted(act, recipient.id, `The condition ${recipientWhen} does not hold${why}`);
    }
    return verdict.holds;
  });
}

/** The next page of a notification, in the making. */
interface Turn {
  readonly whole: NotificationRecord;
  /** The message of it that is planned now. */
  readonly act: Act;
  readonly page: PageOfRecipients;
}

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
    const own = new Map(records.map((record) => [record, record]));
    const turns = await settle(own, failures, (record) => this.#turn(record));
    const people = await this.#people(turns);
    const pages = await settle(turns, failures, (turn) => this.#page(turn, people));
    const { users, unseen, rules } = this.#deps;
    const allowed = await withoutStopped([...pages.values()], users, failures);
    const ruled = concernRules(allowed, people)
      ? await withRules(allowed, { rules, people }, failures)
      : allowed;
    const seen = unseen ? await onlyIfUnseen(ruled, unseen) : ruled;
    return seen.map(withChains);
  }

  async #turn(whole: NotificationRecord): Promise<Turn> {
    const act = actOf(whole);
    if (whole.refusal) return { whole, act, page: { users: [], addresses: [] } };
    const page = whole.resend
      ? await nextResendPage(whole, this.#deps.outbox)
      : await nextPage(act.record, this.#deps.users);
    return { whole, act, page };
  }

  async #people(turns: ReadonlyMap<NotificationRecord, Turn>): Promise<People> {
    const wanted = new Map<string, Set<string>>();
    for (const [record, { page }] of turns) {
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

  async #page({ whole, act, page }: Turn, people: People): Promise<PlanPage> {
    const { record, action, cursorAfter } = act;
    const known = people.get(record.workspace) ?? new Map<string, Recipient>();
    if (page.originals) return this.#resendPage(record, page.originals, known, page.nextCursor);
    if (whole.refusal) return refusedPage(whole, whole.refusal);
    if (whole.actions?.length === 0) return { notification: whole, deliveries: [] };
    const recipients = wanted(
      act,
      page.users.flatMap((id) => known.get(id) ?? []),
      this.#deps.onUnwanted,
    );
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
    const deliveries = [
      ...planned.map((p) =>
        inWords(record, template, p, p.user === undefined ? undefined : known.get(p.user)),
      ),
      ...page.users.filter((id) => !known.has(id)).map((user) => gone(record, user)),
    ];
    const nextCursor = cursorAfter(page.nextCursor);
    return {
      notification: whole,
      // Of several messages each has its own, which was fixed when the event was accepted.
      ...(template && !action && { templateVersion: template.version }),
      deliveries: ofAction(deliveries, action),
      ...(nextCursor !== undefined && { nextCursor }),
    };
  }

  /** A replay whose words are there already does without the template, which may be gone. */
  async #resendPage(
    record: NotificationRecord,
    originals: readonly DeliveryRecord[],
    people: ReadonlyMap<string, Recipient>,
    nextCursor: string | undefined,
  ): Promise<PlanPage> {
    const templates = new Map<string, CompiledTemplate>();
    for (const original of originals) {
      const id = templateOf(record, original);
      if (id === undefined || templates.has(id) || !needsWords(record, original)) continue;
      const { templateVersion: _own, ...rest } = record;
      // The version is that of the notification's own template.
      const template = await this.#template(id === record.template ? record : { ...rest, template: id });
      if (template) templates.set(id, template);
    }
    const own = record.template === undefined ? undefined : templates.get(record.template);
    return {
      notification: record,
      ...(own && { templateVersion: own.version }),
      deliveries: planResend(record, originals, templates, people, this.#deps.configured(record)),
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

async function settle<From, To>(
  given: ReadonlyMap<NotificationRecord, From>,
  failures: Map<string, unknown>,
  work: (from: From) => Promise<To>,
): Promise<Map<NotificationRecord, To>> {
  const results = new Map<NotificationRecord, To>();
  await Promise.all(
    [...given].map(async ([record, from]) => {
      try {
        results.set(record, await work(from));
      } catch (error) {
        failures.set(record._id, error);
      }
    }),
  );
  return results;
}

/** An event that was not accepted: one failed delivery, whoever it was for, so that it is one dead letter. */
const refusedPage = (
  notification: NotificationRecord,
  { code, message }: NonNullable<NotificationRecord['refusal']>,
): PlanPage => ({
  notification,
  deliveries: [{ channel: 'IN_APP', renderError: `${code}: ${message}`, refused: true }],
});

/** A person whom nobody knows any more: nothing can be sent, but the recipient does not vanish either. */
const gone = ({ channels }: NotificationRecord, user: string): PlannedDelivery => ({
  channel: channels[0] ?? 'IN_APP',
  user,
  skipReason: 'NO_ADDRESS',
});
