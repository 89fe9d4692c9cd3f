/** What operators do with templates: save, publish, compare, roll back, look at, preview. */
import { badInput, conflict, notFound } from '../../../platform/errors/herald-error.ts';
import { jsonProblem } from '../../../platform/graphql/json-problem.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { isCallerId, scopedKey } from '../../../platform/names/ids.ts';
import type { Compilers } from '../compiler/compiler.ts';
import type { FindPerson, TestedTemplate } from '../contract.ts';
import type { TemplateInput } from '../generated/types.ts';
import { sourcesOf } from '../input/template-input.ts';
import { checkPackage, removalFromPackage } from '../packages/membership.ts';
import { findPartials } from '../partials/find-partials.ts';
import { perhapsCalled, reachSources } from '../partials/reach-sources.ts';
import type { SourcedContent } from '../sources/compile-template.ts';
import { isTimeZone } from '../sources/format-value.ts';
import type { Finding } from '../sources/lint/lint.ts';
import { isLocale } from '../sources/locale.ts';
import { renderedSizeProblem } from '../sources/size-problem.ts';
import { packageOf } from '../store/package-of.ts';
import type { HeadRecord, TemplateBody, TemplateSummary, VersionStamp } from '../store/records.ts';
import type { Stores } from '../store/stores.ts';
import { templatesOfRoute } from '../store/templates-of-route.ts';
import { gatherVersion, type VersionProblem } from '../versions/gather-version.ts';
import { templateTexts } from '../versions/template-texts.ts';
import { type TextDiff, textDiffs } from '../versions/text-diff.ts';
import {
  type Named,
  type Publisher,
  publishStamp,
  thatHasDraft,
  thatIs,
  thatIsAlone,
  versionToRestore,
} from './publishing.ts';

export type TemplateHead = HeadRecord<TemplateSummary>;

const NAMED: Named = { what: 'Template', field: 'id' };

/** REMOVED: it is gone. MARKED: it goes when its package is published. */
export type Removal = 'REMOVED' | 'MARKED';

export interface PreviewRequest {
  readonly id: string;
  readonly data?: unknown;
  readonly locale?: string;
  /** The draft when absent, else the published version. */
  readonly version?: number;
  /** Shows also what is larger than its channel takes. */
  readonly allowOversize?: boolean;
  /** Of dates and times; without it the user's, else UTC. */
  readonly timezone?: string;
  /** For whom: their variables, and their locale where none is given. Nobody without it. */
  readonly user?: string;
  /** Takes the template's sample where `data` says nothing. */
  readonly sample?: boolean;
}

export class TemplateDrafts {
  readonly #stores: Stores;
  readonly #compilers: Compilers;
  readonly #findPerson: FindPerson;
  readonly #bus: InvalidationBus;
  readonly #log: Logger;

  constructor(
    stores: Stores,
    compilers: Compilers,
    findPerson: FindPerson,
    bus: InvalidationBus,
    log: Logger,
  ) {
    this.#stores = stores;
    this.#compilers = compilers;
    this.#findPerson = findPerson;
    this.#bus = bus;
    this.#log = log;
  }

  /**
   * @throws HeraldError BAD_USER_INPUT naming the field; CONFLICT (`input.package`) when it is published in another
   * package.
   */
  async save(workspace: string, input: TemplateInput): Promise<TemplateHead> {
    const body = await this.#compilers
      .of(workspace)
      .templateBody(input, await this.#callable(workspace, input));
    await checkPackage(this.#stores, workspace, input.package);
    return this.#stores.templates.saveDraft(workspace, input.id, body, input.package);
  }

  /** The partials that its sources may call, as far as they lead. */
  async #callable(workspace: string, input: TemplateInput): Promise<Readonly<Record<string, string>>> {
    const names = perhapsCalled(sourcesOf(input.contents));
    if (names.length === 0 || !isCallerId(input.id)) return {};
    const packageId =
      input.package === undefined ? await this.#packageOf(workspace, input.id) : (input.package ?? undefined);
    const find = findPartials(this.#stores.partials, workspace, packageId, 'drafts');
    return (await reachSources(names, find)).partials;
  }

  async #packageOf(workspace: string, id: string): Promise<string | undefined> {
    const head = (await this.#stores.templates.heads(workspace, [id])).get(id);
    return head && packageOf(head);
  }

  /**
   * Takes effect on every process at once.
   * @throws HeraldError NOT_FOUND; CONFLICT when it belongs to a package; BAD_USER_INPUT when there is no draft, and
   * naming the content (`contents.2.body`) that its channel can never take or that cannot be compiled.
   */
  async publish(workspace: string, id: string, publisher: Publisher = {}): Promise<TemplateHead> {
    const { templates, partials } = this.#stores;
    return this.#publish(workspace, id, publisher, async () => {
      const head = thatIsAlone(NAMED, thatIs(NAMED, id, await templates.head(workspace, id)));
      const draft = thatHasDraft(NAMED, head);
      const find = findPartials(partials, workspace, undefined, 'published');
      const gathered = await gatherVersion(draft, find, undefined);
      const { body, problems } = await this.#compilers.of(workspace).compileVersion(gathered);
      refuse(problems);
      return { head, body };
    });
  }

  /**
   * Publishes what an earlier version says, as a new version, word for word as it was rendered. A draft stays.
   * @throws HeraldError NOT_FOUND; CONFLICT when it belongs to a package; BAD_USER_INPUT (`version`).
   */
  async rollBack(
    workspace: string,
    id: string,
    version: number,
    publisher: Publisher = {},
  ): Promise<TemplateHead> {
    const { templates } = this.#stores;
    return this.#publish(workspace, id, publisher, () =>
      versionToRestore(NAMED, templates, workspace, id, version),
    );
  }

  async #publish(
    workspace: string,
    id: string,
    publisher: Publisher,
    decide: () => Promise<{
      readonly head: HeadRecord<TemplateBody>;
      readonly body: TemplateBody;
      readonly restores?: number;
    }>,
  ): Promise<TemplateHead> {
    const version = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const { head, body, restores } = await decide();
      return {
        changes: {
          templates: [
            {
              kind: 'publish',
              workspace,
              id,
              head,
              body,
              ...(restores !== undefined && { restores, keepsDraft: true }),
            },
          ],
        },
        result: head.nextVersion,
      };
    });
    this.#log.info({ workspace, template: id, version, by: publisher.by }, 'template published');
    await this.#bus.invalidate({ topic: 'template', key: scopedKey(workspace, id) });
    return thatIs(NAMED, id, (await this.#stores.templates.fullHeads(workspace, [id])).get(id));
  }

  /**
   * Takes a template away: at once, or, in a package, when that is published. Its versions stay.
   * @throws HeraldError NOT_FOUND; CONFLICT while a route sends it.
   */
  async remove(workspace: string, id: string, publisher: Publisher = {}): Promise<Removal> {
    const { templates, routes } = this.#stores;
    const removal = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const head = thatIs(NAMED, id, await templates.head(workspace, id));
      if (head.packageKey !== undefined) {
        const { change, result } = removalFromPackage(head);
        return { changes: { templates: [change] }, result };
      }
      const [user] = (await routes.usersOf(workspace, id)).filter((route) =>
        [route.draft, route.published].some((body) => body && templatesOfRoute(body).includes(id)),
      );
      if (user)
        throw conflict(`The route for the event "${user.id}" sends it: change or remove that first.`, 'id');
      return {
        changes: { templates: [{ kind: 'withdraw', workspace, id, head }] },
        result: 'REMOVED' as const,
      };
    });
    this.#log.info({ workspace, template: id, removal, by: publisher.by }, 'template removed');
    if (removal === 'REMOVED')
      await this.#bus.invalidate({ topic: 'template', key: scopedKey(workspace, id) });
    return removal;
  }

  /** Newest first: at most `limit` before the version `before`. */
  history(workspace: string, id: string, before: number | undefined, limit: number): Promise<VersionStamp[]> {
    return this.#stores.templates.history(workspace, id, before, limit);
  }

  /**
   * What differs between two versions, part by part.
   * @param from the published version where absent.
   * @param to the draft where absent, else the published version.
   * @throws HeraldError NOT_FOUND.
   */
  async diff(workspace: string, id: string, from?: number, to?: number): Promise<TextDiff[]> {
    const { templates } = this.#stores;
    const head = isCallerId(id) ? await templates.head(workspace, id) : undefined;
    if (!head) throw notFound('template', id);
    const bodyOf = async (version: number | undefined, otherwise: TemplateBody | undefined) => {
      if (version === undefined) return otherwise;
      if (version === head.nextVersion && head.draft) return this.#asPublished(head, head.draft);
      const body = await templates.version(workspace, id, version);
      if (!body) throw notFound('template', `${id}, version ${version}`);
      return body;
    };
    const draft = head.draft && (await this.#asPublished(head, head.draft));
    const [before, after] = [await bodyOf(from, head.published), await bodyOf(to, draft ?? head.published)];
    return textDiffs(templateTexts(before), templateTexts(after));
  }

  /** A draft with all that it would be published with now. */
  async #asPublished(head: HeadRecord<TemplateBody>, draft: TemplateBody): Promise<TemplateBody> {
    return (await this.#gathered(head, draft)).body;
  }

  async #gathered({ workspace, packageKey }: HeadRecord<TemplateBody>, draft: TemplateBody) {
    const owner = packageOf({ workspace, packageKey });
    const find = findPartials(this.#stores.partials, workspace, owner, 'drafts');
    if (owner === undefined) return gatherVersion(draft, find, undefined);
    const its = await this.#stores.packages.head(workspace, owner);
    return gatherVersion(draft, find, (its?.draft ?? its?.published)?.settings);
  }

  /** By id; ids that are not there are absent from the map. */
  find(workspace: string, ids: readonly string[]): Promise<Map<string, TemplateHead>> {
    return this.#stores.templates.heads(workspace, ids.filter(isCallerId));
  }

  /** As `find`, with the sources. */
  findWithSources(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<TemplateBody>>> {
    return this.#stores.templates.fullHeads(workspace, ids.filter(isCallerId));
  }

  page(workspace: string, after: string | undefined, limit: number): Promise<TemplateHead[]> {
    return this.#stores.templates.page(workspace, after, limit);
  }

  /**
   * One rendered content for each channel, in the order of the sources. Nothing is sent or stored; `notification` is
   * empty, and `user` where no user is named.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT naming `user`, `data.<path>` that is missing or wrong, or the content
   * (`contents.2.body`) that is larger than its channel takes.
   */
  async preview(workspace: string, request: PreviewRequest): Promise<SourcedContent[]> {
    const { timezone, user } = request;
    if (request.locale !== undefined && !isLocale(request.locale))
      throw badInput('locale', `"${request.locale}" is not a language tag; write one like "en" or "pt-BR".`);
    if (timezone !== undefined && !isTimeZone(timezone))
      throw badInput('timezone', `"${timezone}" is no time zone; write one like "Europe/Berlin".`);
    const data = request.data ?? {};
    const wrongJson = jsonProblem(data);
    if (wrongJson !== undefined) throw badInput('data', wrongJson);
    const { version, body } = await this.#compiled(workspace, request.id, request.version);
    const person = user === undefined ? undefined : await this.#findPerson(workspace, user);
    if (user !== undefined && !person)
      throw badInput('user', `There is no user "${user}". Create it with upsertUsers first.`);
    const locale = request.locale ?? person?.locale;
    const contents = await this.#compilers.of(workspace).putIntoWords(body, {
      id: request.id,
      version,
      channels: body.channels,
      ...(locale !== undefined && { locale }),
      data,
      sample: request.sample ?? false,
      user: { ...person?.variables, ...(timezone !== undefined && { timezone }) },
      notification: {},
    });
    for (const content of request.allowOversize ? [] : contents) {
      const tooLarge = renderedSizeProblem(content);
      if (tooLarge) throw badInput(tooLarge.field, tooLarge.message);
    }
    return contents;
  }

  /**
   * The draft where no version is named and there is one. Nothing but a test may send it.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT naming what cannot be compiled.
   */
  async tested(workspace: string, id: string, asked?: number): Promise<TestedTemplate> {
    const { version, body } = await this.#compiled(workspace, id, asked);
    return {
      channels: body.channels,
      words: (wanted) =>
        this.#compilers.of(workspace).putIntoWords(body, { ...wanted, id, version, sample: false }),
    };
  }

  async #compiled(
    workspace: string,
    id: string,
    version: number | undefined,
  ): Promise<{ readonly version: number; readonly body: TemplateBody }> {
    const absent = () => notFound('template', version === undefined ? id : `${id}, version ${version}`);
    if (!isCallerId(id)) throw absent();
    const head = await this.#stores.templates.head(workspace, id);
    if (head?.draft && (version === undefined || version === head.nextVersion)) {
      const gathered = await this.#gathered(head, head.draft);
      const { body, problems } = await this.#compilers.of(workspace).compileVersion(gathered, 'unbounded');
      refuse(problems);
      return { version: head.nextVersion, body };
    }
    const wanted = version ?? head?.publishedVersion;
    if (!head || wanted === undefined) throw absent();
    const body =
      wanted === head.publishedVersion
        ? head.published
        : await this.#stores.templates.version(workspace, id, wanted);
    if (!body) throw absent();
    return { version: wanted, body };
  }

  /**
   * What is wrong, or likely to be, with the draft, else with what is published: with the partials and settings that it
   * would be published with now.
   */
  async findings(head: HeadRecord<TemplateBody>): Promise<Finding[]> {
    const { draft, published } = head;
    if (!draft) return published ? this.#compilers.of(head.workspace).lintBody(published) : [];
    const { body, problems } = await this.#gathered(head, draft);
    if (problems.length > 0)
      return problems.map((problem) => ({ ...problem, severity: 'ERROR', rule: 'partials' }));
    return this.#compilers.of(head.workspace).lintBody(body);
  }
}

/** @throws HeraldError BAD_USER_INPUT naming the place of the first problem. */
function refuse([problem]: readonly VersionProblem[]): void {
  if (problem) throw badInput(problem.field, problem.message);
}
