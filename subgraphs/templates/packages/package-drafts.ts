/** What operators do with packages: save, check, publish, roll back, compare, look at. */
import { badInput, conflict, notFound } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { isCallerId } from '../../../platform/names/ids.ts';
import type { Compilers } from '../compiler/compiler.ts';
import type { Directory } from '../contract.ts';
import type { PackageInput } from '../generated/types.ts';
import type { PartialHead } from '../partials/partial-drafts.ts';
import { type Named, type Publisher, publishStamp, thatIs, thatWasPublished } from '../service/publishing.ts';
import type { RouteHead } from '../service/route-drafts.ts';
import type { TemplateHead } from '../service/template-drafts.ts';
import type {
  HeadRecord,
  PackageBody,
  PackageMembers,
  PackageSummary,
  VersionStamp,
} from '../store/records.ts';
import type { Stores } from '../store/stores.ts';
import { lintDrafts } from './lint-drafts.ts';
import { packageBody } from './package-input.ts';
import { readState } from './package-state.ts';
import { type Compiled, type PackageFinding, planPublish } from './plan-publish.ts';
import { planRollback } from './plan-rollback.ts';
import { recipientFindings } from './recipient-findings.ts';

export type PackageHead = HeadRecord<PackageSummary>;

/** A version of a package, with what belongs to it. */
export interface PackageVersion extends VersionStamp {
  readonly workspace: string;
  readonly id: string;
}

const NAMED: Named = { what: 'Package', field: 'id' };
const NO_MEMBERS: PackageMembers = { templates: [], routes: [], partials: [] };

export class PackageDrafts {
  readonly #stores: Stores;
  readonly #compilers: Compilers;
  readonly #directory: Directory;
  readonly #bus: InvalidationBus;
  readonly #log: Logger;

  constructor(stores: Stores, compilers: Compilers, directory: Directory, bus: InvalidationBus, log: Logger) {
    this.#stores = stores;
    this.#compilers = compilers;
    this.#directory = directory;
    this.#bus = bus;
    this.#log = log;
  }

  /** @throws HeraldError BAD_USER_INPUT naming the field. */
  async save(workspace: string, input: PackageInput): Promise<PackageHead> {
    return this.#stores.packages.saveDraft(workspace, input.id, packageBody(input));
  }

  /** What is wrong with the drafts of all members, together; publishing refuses errors. @throws HeraldError NOT_FOUND. */
  async problems(workspace: string, id: string): Promise<readonly PackageFinding[]> {
    const state = await readState(this.#stores, workspace, await this.#head(workspace, id));
    const { findings } = await planPublish(this.#stores, this.#compilers.of(workspace), state);
    return [
      ...findings,
      ...(await recipientFindings(this.#directory, state)),
      ...(await lintDrafts(this.#stores, this.#compilers.of(workspace), state)),
    ];
  }

  /**
   * Publishes the drafts of all members, and takes away those that are marked, all at once: all or none. Takes effect on
   * every process at once.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT naming what is wrong (`templates.welcome.contents.2.html`), or `id`
   * when there is nothing to publish.
   */
  async publish(workspace: string, id: string, publisher: Publisher = {}): Promise<PackageHead> {
    const compiled: Compiled = new Map();
    return this.#publish(workspace, id, publisher, async (head) => {
      const state = await readState(this.#stores, workspace, head);
      const plan = await planPublish(this.#stores, this.#compilers.of(workspace), state, compiled);
      const wrong = plan.findings.find(({ severity }) => severity === 'ERROR');
      if (wrong) throw badInput(wrong.field, wrong.message);
      const { members: _members, ...body } = head.draft ?? head.published ?? missingBody(id);
      const isChanged = Object.values(plan.changes).some((some) => some.length > 0);
      if (!isChanged && head.draft === undefined)
        throw badInput(
          'id',
          `The package "${id}" has no draft to publish; version ${head.publishedVersion} is published already.`,
        );
      return { changes: plan.changes, body: { ...body, members: plan.members } };
    });
  }

  /**
   * Puts all members back to what they were in a version of the package, as a new version; those that were added since
   * are withdrawn. Drafts of the others stay.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT (`version`); CONFLICT when a member is elsewhere now.
   */
  async rollBack(
    workspace: string,
    id: string,
    version: number,
    publisher: Publisher = {},
  ): Promise<PackageHead> {
    return this.#publish(workspace, id, publisher, async (head) => {
      const { body } = thatWasPublished(
        NAMED,
        id,
        version,
        head,
        await this.#stores.packages.version(workspace, id, version),
      );
      const state = await readState(this.#stores, workspace, head);
      const { changes, members } = await planRollback(this.#stores, state, body.members ?? NO_MEMBERS);
      return { changes, body: { ...body, members }, restores: version };
    });
  }

  async #publish(
    workspace: string,
    id: string,
    publisher: Publisher,
    decide: (head: HeadRecord<PackageBody>) => Promise<{
      readonly changes: Awaited<ReturnType<typeof planPublish>>['changes'];
      readonly body: PackageBody;
      readonly restores?: number;
    }>,
  ): Promise<PackageHead> {
    const published = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const head = await this.#head(workspace, id);
      const { changes, body, restores } = await decide(head);
      return {
        changes: {
          ...changes,
          packages: [
            {
              kind: 'publish' as const,
              workspace,
              id,
              head,
              body,
              ...(restores !== undefined && { restores, keepsDraft: true }),
            },
          ],
        },
        result: {
          version: head.nextVersion,
          templates: changes.templates.length,
          routes: changes.routes.length,
          partials: changes.partials.length,
        },
      };
    });
    this.#log.info({ workspace, package: id, ...published, by: publisher.by }, 'package published');
    await this.#bus.invalidate({ topic: 'templates', key: workspace });
    return thatIs(NAMED, id, (await this.#stores.packages.heads(workspace, [id])).get(id));
  }

  async #head(workspace: string, id: string): Promise<HeadRecord<PackageBody>> {
    return thatIs(NAMED, id, isCallerId(id) ? await this.#stores.packages.head(workspace, id) : undefined);
  }

  /** Newest first: at most `limit` before the version `before`. */
  async history(
    workspace: string,
    id: string,
    before: number | undefined,
    limit: number,
  ): Promise<PackageVersion[]> {
    const stamps = await this.#stores.packages.history(workspace, id, before, limit);
    return stamps.map((stamp) => ({ ...stamp, workspace, id }));
  }

  /** What a version consists of. @throws HeraldError NOT_FOUND. */
  async version(workspace: string, id: string, version: number): Promise<PackageBody> {
    const body = await this.#stores.packages.version(workspace, id, version);
    if (!body) throw notFound('package', `${id}, version ${version}`);
    return body;
  }

  /** By id; ids that are not there are absent from the map. */
  find(workspace: string, ids: readonly string[]): Promise<Map<string, PackageHead>> {
    return this.#stores.packages.heads(workspace, ids.filter(isCallerId));
  }

  /** @param search a part of the id or the name. @throws HeraldError BAD_USER_INPUT (`search`). */
  page(
    workspace: string,
    after: string | undefined,
    limit: number,
    search: string | undefined,
  ): Promise<PackageHead[]> {
    const text = search?.trim() ?? '';
    if (text.length > 200) throw badInput('search', 'Search for at most 200 characters.');
    return this.#stores.packages.page(workspace, after, limit, text === '' ? undefined : text);
  }

  templates(
    workspace: string,
    id: string,
    after: string | undefined,
    limit: number,
  ): Promise<TemplateHead[]> {
    return this.#stores.templates.packagePage(workspace, id, after, limit);
  }

  routes(workspace: string, id: string, after: string | undefined, limit: number): Promise<RouteHead[]> {
    return this.#stores.routes.packagePage(workspace, id, after, limit);
  }

  partials(workspace: string, id: string, after: string | undefined, limit: number): Promise<PartialHead[]> {
    return this.#stores.partials.packagePage(workspace, id, after, limit);
  }
}

function missingBody(id: string): never {
  throw conflict(`The package "${id}" has neither a draft nor a published version.`, 'id');
}
