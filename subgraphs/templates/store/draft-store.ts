/** Drafts and published versions of templates, routes, partials and packages: the same rules for all. */
import type { ClientSession, mongo } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import { conflict } from '../../../platform/errors/herald-error.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { Change, PublishStamp } from './change.ts';
import { type Filter, HeadReader, type Stored } from './head-reader.ts';
import { changeUpdate, draftUpdate, type UsesOf } from './head-updates.ts';
import type { VersionedModels } from './models.ts';
import type { HeadRecord } from './records.ts';
import { keptVersion } from './version-of-head.ts';

export interface DraftStoreOptions<Body> {
  /** Members of a body that are too large for lists. */
  readonly hidden: readonly (keyof Body & string)[];
  /** Ids of what a body uses: templates of a route, partials of a template. */
  usesOf?(body: Body): readonly string[];
  now?(): Date;
}

/** What others changed since it was read: read it again. */
export class StaleHeadError extends Error {
  override readonly name = 'StaleHeadError';
}

const MAX_RACES = 50;

/** Its types know no fields that come and go. */
type DriverUpdate = mongo.UpdateFilter<Stored>;

/** `Summary` is the body without what is too large for lists. */
export class DraftStore<Body extends Summary, Summary> extends HeadReader<Body, Summary> {
  readonly #models: VersionedModels<Body>;
  readonly #usesOf: UsesOf<Body>;
  readonly #now: () => Date;

  constructor(models: VersionedModels<Body>, options: DraftStoreOptions<Body>) {
    super(models, options.hidden);
    this.#models = models;
    this.#usesOf = options.usesOf?.bind(options) ?? (() => []);
    this.#now = options.now?.bind(options) ?? (() => new Date());
  }

  /** Creates the collections, so that none is made in the middle of a race or of a transaction. Safe to repeat. */
  async ensureCollections(): Promise<void> {
    const { heads, versions } = this.#models;
    await heads.createCollection();
    await versions.createCollection();
    await heads.collection.createIndex({ packageKey: 1, _id: 1 });
    await heads.collection.createIndex({ uses: 1 });
  }

  /**
   * Replaces the draft in one atomic step. It has the number that follows the published version's.
   * @param packageId the package that it is to belong to; null: none; undefined: as it was.
   * @throws HeraldError CONFLICT (`input.package`) when it is published and belongs to another package.
   */
  async saveDraft(
    workspace: string,
    id: string,
    body: Body,
    packageId?: string | null,
  ): Promise<HeadRecord<Summary>> {
    const _id = scopedKey(workspace, id);
    for (let race = 0; race < MAX_RACES; race++) {
      const filter: Record<string, unknown> = { _id };
      const set: Record<string, unknown> = {};
      const unset: Record<string, unknown> = { removing: 1, withdrawn: 1 };
      if (packageId !== undefined) {
        const key = packageId === null ? undefined : scopedKey(workspace, packageId);
        const head = await this.headAt(_id, this.projection);
        if (head && head.packageKey !== key) checkMove(head, packageId);
        if (head) filter.revision = head.revision;
        else filter.revision = { $exists: false };
        if (key === undefined) unset.packageKey = 1;
        else set.packageKey = key;
      }
      try {
        const saved = await this.headRecords.findOneAndUpdate(
          filter as Filter,
          draftUpdate({ workspace, id, body, at: this.#now() }, this.#usesOf, set, unset) as DriverUpdate,
          { upsert: true, returnDocument: 'after', projection: this.projection },
        );
        if (saved) return saved as unknown as HeadRecord<Summary>;
      } catch (error) {
        // It was saved for the first time, or changed, in between: look at it again.
        if (!isDuplicateKeyError(error)) throw error;
      }
    }
    throw conflict('Others are changing this draft at the same time. Look at it and save it again.');
  }

  /**
   * Takes effect within the transaction, or fails it.
   * @param changes each of another head.
   * @throws StaleHeadError when a head is not as it was read.
   */
  async apply(session: ClientSession, changes: readonly Change<Body>[], stamp: PublishStamp): Promise<void> {
    if (changes.length === 0) return;
    const kept = changes.flatMap((change) =>
      change.kind === 'publish' || change.kind === 'withdraw' ? keptVersion(change.head) : [],
    );
    if (kept.length > 0)
      await this.versionRecords.bulkWrite(
        kept.map(({ _id, ...rest }) => ({
          updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
        })),
        { session },
      );
    const fresh = changes.filter((change) => change.head === undefined);
    const known = changes.filter((change) => change.head !== undefined);
    if (known.length > 0) {
      const { matchedCount } = await this.headRecords.bulkWrite(
        known.map((change) => ({
          updateOne: {
            filter: { _id: change.head?._id, revision: change.head?.revision },
            update: changeUpdate(change, this.#usesOf, stamp, this.#now()) as DriverUpdate,
          },
        })),
        { session },
      );
      if (matchedCount !== known.length) throw new StaleHeadError('a head was changed meanwhile');
    }
    if (fresh.length === 0) return;
    const { matchedCount } = await this.headRecords.bulkWrite(
      fresh.map((change) => ({
        updateOne: {
          filter: { _id: scopedKey(change.workspace, change.id) },
          update: changeUpdate(change, this.#usesOf, stamp, this.#now()) as DriverUpdate,
          upsert: true,
        },
      })),
      { session },
    );
    if (matchedCount > 0) throw new StaleHeadError('a head was made meanwhile');
  }
}

/** @throws HeraldError CONFLICT: what is published changes its package only by being removed from it first. */
function checkMove(head: HeadRecord<unknown>, packageId: string | null | undefined): void {
  if (head.packageKey === undefined || head.published === undefined) return;
  const current = head.packageKey.slice(head.workspace.length + 1);
  throw conflict(
    `"${head.id}" is published in the package "${current}"${packageId == null ? '' : ` and cannot be in "${packageId}" too`}: remove it there, and publish that package, first.`,
    'input.package',
  );
}
