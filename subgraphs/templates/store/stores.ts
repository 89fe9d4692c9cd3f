/** All that the subgraph stores, and the one way in which several of it change at once. */
import type { Connection } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import { conflict } from '../../../platform/errors/herald-error.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { RouteBody } from '../contract.ts';
import { type CancellableRoutes, cancellableRoutes } from './cancellable-routes.ts';
import type { Change, PublishStamp } from './change.ts';
import { DraftStore, StaleHeadError } from './draft-store.ts';
import { templatesModels } from './models.ts';
import type {
  PackageBody,
  PackageSummary,
  PartialBody,
  PartialSummary,
  TemplateBody,
  TemplateSummary,
} from './records.ts';
import { templatesOfRoute } from './templates-of-route.ts';
import { WorkspaceRevisions } from './workspace-revisions.ts';

export type TemplateStore = DraftStore<TemplateBody, TemplateSummary>;
export type RouteStore = DraftStore<RouteBody, RouteBody>;
export type PartialStore = DraftStore<PartialBody, PartialSummary>;
export type PackageStore = DraftStore<PackageBody, PackageSummary>;

export interface Changes {
  readonly templates?: readonly Change<TemplateBody>[];
  readonly routes?: readonly Change<RouteBody>[];
  readonly partials?: readonly Change<PartialBody>[];
  readonly packages?: readonly Change<PackageBody>[];
}

/** What to do, and what to tell the caller once it is done. */
export interface Decision<Result> {
  readonly changes: Changes;
  readonly result: Result;
}

const MAX_RACES = 50;

export class Stores {
  readonly templates: TemplateStore;
  readonly routes: RouteStore;
  readonly partials: PartialStore;
  readonly packages: PackageStore;
  readonly revisions: WorkspaceRevisions;
  readonly cancellableRoutes: CancellableRoutes;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    const models = templatesModels(connection);
    this.templates = new DraftStore<TemplateBody, TemplateSummary>(models.templates, {
      hidden: ['contents', 'compiled', 'partials', 'settings'],
      usesOf: ({ calls, partials }) => [...new Set([...(calls ?? []), ...Object.keys(partials ?? {})])],
    });
    this.routes = new DraftStore<RouteBody, RouteBody>(models.routes, {
      hidden: [],
      usesOf: templatesOfRoute,
    });
    this.partials = new DraftStore<PartialBody, PartialSummary>(models.partials, {
      hidden: ['source'],
      usesOf: ({ calls }) => calls ?? [],
    });
    this.packages = new DraftStore<PackageBody, PackageSummary>(models.packages, { hidden: ['members'] });
    this.cancellableRoutes = cancellableRoutes(models.routes.heads);
    this.revisions = new WorkspaceRevisions(connection);
    this.#connection = connection;
  }

  /** Safe to repeat. */
  async ensureCollections(): Promise<void> {
    await Promise.all(
      [this.templates, this.routes, this.partials, this.packages].map((store) => store.ensureCollections()),
    );
    await this.revisions.ensureCollection();
  }

  /**
   * Reads, decides and commits: all changes or none, and nothing else is published in the workspace in between. Begins
   * again as long as others change what was read.
   * @param decide what to do, from a fresh reading.
   * @throws HeraldError CONFLICT when others go on changing it.
   */
  async change<Result>(
    workspace: string,
    stamp: PublishStamp,
    decide: () => Promise<Decision<Result>>,
  ): Promise<Result> {
    await this.revisions.ensure(workspace);
    for (let race = 0; race < MAX_RACES; race++) {
      const revision = await this.revisions.read(workspace);
      const { changes, result } = await decide();
      if (Object.values(changes).every((some) => some.length === 0)) return result;
      try {
        await this.#commit(workspace, changes, stamp, revision);
        return result;
      } catch (error) {
        if (!(error instanceof StaleHeadError)) throw error;
      }
    }
    throw conflict('Others are publishing at the same time. Look at it and try again.');
  }

  /** @throws StaleHeadError when something is not as it was read. */
  async #commit(workspace: string, changes: Changes, stamp: PublishStamp, revision: number): Promise<void> {
    try {
      await inTransaction(this.#connection, async (session) => {
        // First: of two who publish at once, one begins again here, before it has written anything.
        if (!(await this.revisions.grow(session, workspace, revision)))
          throw new StaleHeadError('something was published meanwhile');
        await this.partials.apply(session, changes.partials ?? [], stamp);
        await this.templates.apply(session, changes.templates ?? [], stamp);
        await this.routes.apply(session, changes.routes ?? [], stamp);
        await this.packages.apply(session, changes.packages ?? [], stamp);
      });
    } catch (error) {
      if (isDuplicateKeyError(error)) throw new StaleHeadError('a head was made meanwhile', { cause: error });
      throw error;
    }
  }
}
