/** What operators do with partials: save, publish with all that uses them, remove, look at. */
import { badInput, conflict } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { isCallerId, scopedKey } from '../../../platform/names/ids.ts';
import type { Compilers } from '../compiler/compiler.ts';
import type { PartialInput } from '../generated/types.ts';
import { checkPackage, removalFromPackage } from '../packages/membership.ts';
import {
  type Named,
  type Publisher,
  publishStamp,
  thatHasDraft,
  thatIs,
  thatIsAlone,
} from '../service/publishing.ts';
import type { Removal } from '../service/template-drafts.ts';
import type { Change } from '../store/change.ts';
import { packageOf } from '../store/package-of.ts';
import type {
  HeadRecord,
  PartialBody,
  PartialSummary,
  TemplateBody,
  VersionStamp,
} from '../store/records.ts';
import type { Stores } from '../store/stores.ts';
import { gatherVersion, saysTheSame } from '../versions/gather-version.ts';
import { findPartials, knowing } from './find-partials.ts';
import { leftBehind } from './left-behind.ts';
import { checkPartialId } from './partial-input.ts';
import { perhapsCalled, reachSources } from './reach-sources.ts';

export type PartialHead = HeadRecord<PartialSummary>;

/** Templates and partials that use a partial, by id. */
export interface PartialUsers {
  readonly templates: readonly string[];
  readonly partials: readonly string[];
}

const NAMED: Named = { what: 'Partial', field: 'id' };

export class PartialDrafts {
  readonly #stores: Stores;
  readonly #compilers: Compilers;
  readonly #bus: InvalidationBus;
  readonly #log: Logger;

  constructor(stores: Stores, compilers: Compilers, bus: InvalidationBus, log: Logger) {
    this.#stores = stores;
    this.#compilers = compilers;
    this.#bus = bus;
    this.#log = log;
  }

  /** @throws HeraldError BAD_USER_INPUT naming the field; CONFLICT (`input.package`). */
  async save(workspace: string, input: PartialInput): Promise<PartialHead> {
    checkPartialId(input.id);
    const { partials } = this.#stores;
    const head = (await partials.heads(workspace, [input.id])).get(input.id);
    const owner = input.package === undefined ? head && packageOf(head) : (input.package ?? undefined);
    const find = findPartials(partials, workspace, owner, 'drafts');
    const reached = await reachSources(
      perhapsCalled([input.source]).filter((name) => name !== input.id),
      find,
    );
    const body = await this.#compilers.of(workspace).partialBody(input, reached.partials);
    await checkPackage(this.#stores, workspace, input.package);
    if (head && head.packageKey === undefined && input.package != null) {
      const user = await leftBehind(this.#stores, workspace, input.id, scopedKey(workspace, input.package));
      if (user !== undefined)
        throw conflict(
          `The ${user}, which is not in the package, uses it: take that in first, or give this one another id.`,
          'input.package',
        );
    }
    return partials.saveDraft(workspace, input.id, body, input.package);
  }

  /**
   * Takes effect on every process at once.
   * @param republish publishes the templates that use it, too, each as a new version: all or none. Those of packages are
   * published with their packages. Without it, a template has the new source when it is published the next time.
   * @throws HeraldError NOT_FOUND; CONFLICT when it belongs to a package; BAD_USER_INPUT when there is no draft, and
   * naming the template (`templates.welcome.contents.2.html`) that it would break.
   */
  async publish(
    workspace: string,
    id: string,
    republish: boolean,
    publisher: Publisher = {},
  ): Promise<PartialHead> {
    const { partials } = this.#stores;
    const published = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const head = thatIsAlone(NAMED, thatIs(NAMED, id, await partials.head(workspace, id)));
      const body = thatHasDraft(NAMED, head);
      const find = knowing(new Map([[id, body]]), findPartials(partials, workspace, undefined, 'published'));
      const { missing } = await reachSources([id], find);
      const [absent] = missing;
      if (absent !== undefined)
        throw badInput('id', `It calls the partial "${absent}", which is not published: publish that first.`);
      const templates = republish ? await this.#republished(workspace, id, find) : [];
      return {
        changes: { partials: [{ kind: 'publish' as const, workspace, id, head, body }], templates },
        result: { version: head.nextVersion, templates: templates.length },
      };
    });
    this.#log.info({ workspace, partial: id, ...published, by: publisher.by }, 'partial published');
    if (published.templates > 0) await this.#bus.invalidate({ topic: 'templates', key: workspace });
    return thatIs(NAMED, id, (await partials.fullHeads(workspace, [id])).get(id));
  }

  async #republished(
    workspace: string,
    id: string,
    find: ReturnType<typeof findPartials>,
  ): Promise<Change<TemplateBody>[]> {
    const changes: Change<TemplateBody>[] = [];
    for (const head of await this.#stores.templates.usersOf(workspace, id)) {
      const { published } = head;
      if (head.packageKey !== undefined || !published || !(id in (published.partials ?? {}))) continue;
      const gathered = await gatherVersion(published, find, undefined);
      if (gathered.problems.length === 0 && saysTheSame(published, gathered.body)) continue;
      const { body, problems } = await this.#compilers.of(workspace).compileVersion(gathered);
      const [problem] = problems;
      if (problem)
        throw badInput(
          `templates.${head.id}.${problem.field}`,
          `The template "${head.id}" could not be published with it: ${problem.message}`,
        );
      changes.push({ kind: 'publish', workspace, id: head.id, head, body, keepsDraft: true });
    }
    return changes;
  }

  /**
   * Takes a partial away: at once, or, in a package, when that is published. Versions of templates keep its source.
   * @throws HeraldError NOT_FOUND; CONFLICT while a template or a partial uses it.
   */
  async remove(workspace: string, id: string, publisher: Publisher = {}): Promise<Removal> {
    const { partials } = this.#stores;
    const removal = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const head = thatIs(NAMED, id, await partials.head(workspace, id));
      if (head.packageKey !== undefined) {
        const { change, result } = removalFromPackage(head);
        return { changes: { partials: [change] }, result };
      }
      const users = await this.usedBy(workspace, id);
      const [user] = [
        ...users.templates.map((template) => `template "${template}"`),
        ...users.partials.map((partial) => `partial "${partial}"`),
      ];
      if (user !== undefined) throw conflict(`The ${user} uses it: change or remove that first.`, 'id');
      return {
        changes: { partials: [{ kind: 'withdraw' as const, workspace, id, head }] },
        result: 'REMOVED' as const,
      };
    });
    this.#log.info({ workspace, partial: id, removal, by: publisher.by }, 'partial removed');
    return removal;
  }

  /** By drafts and published versions, also through other partials. */
  async usedBy(workspace: string, id: string): Promise<PartialUsers> {
    const { templates, partials } = this.#stores;
    const [ofTemplates, ofPartials] = await Promise.all([
      templates.usersOf(workspace, id),
      partials.usersOf(workspace, id),
    ]);
    return {
      templates: ofTemplates
        .filter(({ draft, published }) =>
          [draft, published].some((body) => body?.calls?.includes(id) || id in (body?.partials ?? {})),
        )
        .map((head) => head.id),
      partials: ofPartials
        .filter(({ draft, published }) => [draft, published].some((body) => body?.calls?.includes(id)))
        .map((head) => head.id),
    };
  }

  /** Newest first: at most `limit` before the version `before`. */
  history(workspace: string, id: string, before: number | undefined, limit: number): Promise<VersionStamp[]> {
    return this.#stores.partials.history(workspace, id, before, limit);
  }

  /** By id; ids that are not there are absent from the map. */
  find(workspace: string, ids: readonly string[]): Promise<Map<string, PartialHead>> {
    return this.#stores.partials.heads(workspace, ids.filter(isCallerId));
  }

  /** As `find`, with the sources. */
  findWithSources(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<PartialBody>>> {
    return this.#stores.partials.fullHeads(workspace, ids.filter(isCallerId));
  }

  page(workspace: string, after: string | undefined, limit: number): Promise<PartialHead[]> {
    return this.#stores.partials.page(workspace, after, limit);
  }
}
