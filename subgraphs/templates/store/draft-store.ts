/** Drafts and published versions of templates, routes, partials and packages: the same rules for all. */
import type { ClientSession, mongo } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import { conflict } from '../../../platform/errors/herald-error.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { Change, PublishStamp } from './change.ts';
import type { VersionedModels } from './models.ts';
import type { HeadRecord, VersionRecord, VersionStamp } from './records.ts';

/** What a draft's or a published version's content is, and its number. */
export interface Versioned<Body> {
  readonly version: number;
  readonly body: Body;
}

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

/** As the driver sees a head or a version. */
interface Stored {
  _id: string;
  [member: string]: unknown;
}
/** What a search looks at. */
interface Findable {
  readonly _id: string;
  readonly id: string;
  readonly draft?: { readonly name?: string };
  readonly published?: { readonly name?: string };
}
const NAMES = { id: 1, 'draft.name': 1, 'published.name': 1 } as const;
type Filter = mongo.Filter<Stored>;
/** Its types know no fields that come and go. */
type DriverUpdate = mongo.UpdateFilter<Stored>;
type Update = Readonly<Record<`$${string}`, Readonly<Record<string, unknown>>>>;

/** `Summary` is the body without what is too large for lists. */
export class DraftStore<Body extends Summary, Summary> {
  readonly #models: VersionedModels<Body>;
  readonly #projection: Readonly<Record<string, 0>>;
  readonly #usesOf: (body: Body) => readonly string[];
  readonly #now: () => Date;

  constructor(models: VersionedModels<Body>, options: DraftStoreOptions<Body>) {
    this.#models = models;
    this.#projection = Object.fromEntries(
      options.hidden.flatMap((name) => [
        [`draft.${name}`, 0],
        [`published.${name}`, 0],
      ]),
    );
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
        const head = await this.#head(_id, this.#projection);
        if (head && head.packageKey !== key) checkMove(head, packageId);
        if (head) filter.revision = head.revision;
        else filter.revision = { $exists: false };
        if (key === undefined) unset.packageKey = 1;
        else set.packageKey = key;
      }
      try {
        const saved = await this.#heads.findOneAndUpdate(
          filter as Filter,
          this.#draftUpdate(workspace, id, body, set, unset) as DriverUpdate,
          { upsert: true, returnDocument: 'after', projection: this.#projection },
        );
        if (saved) return saved as unknown as HeadRecord<Summary>;
      } catch (error) {
        // It was saved for the first time, or changed, in between: look at it again.
        if (!isDuplicateKeyError(error)) throw error;
      }
    }
    throw conflict('Others are changing this draft at the same time. Look at it and save it again.');
  }

  #draftUpdate(
    workspace: string,
    id: string,
    body: Body,
    set: Record<string, unknown>,
    unset: Record<string, unknown>,
  ): Update {
    const uses = this.#usesOf(body).map((used) => scopedKey(workspace, used));
    return {
      $set: { draft: body, updatedAt: this.#now(), ...set },
      $setOnInsert: { workspace, id, nextVersion: 1 },
      $unset: unset,
      $inc: { revision: 1 },
      ...(uses.length > 0 && { $addToSet: { uses: { $each: uses } } }),
    };
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
      await this.#versions.bulkWrite(
        kept.map(({ _id, ...rest }) => ({
          updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
        })),
        { session },
      );
    const fresh = changes.filter((change) => change.head === undefined);
    const known = changes.filter((change) => change.head !== undefined);
    if (known.length > 0) {
      const { matchedCount } = await this.#heads.bulkWrite(
        known.map((change) => ({
          updateOne: {
            filter: { _id: change.head?._id, revision: change.head?.revision },
            update: this.#updateFor(change, stamp) as DriverUpdate,
          },
        })),
        { session },
      );
      if (matchedCount !== known.length) throw new StaleHeadError('a head was changed meanwhile');
    }
    if (fresh.length === 0) return;
    const { matchedCount } = await this.#heads.bulkWrite(
      fresh.map((change) => ({
        updateOne: {
          filter: { _id: scopedKey(change.workspace, change.id) },
          update: this.#updateFor(change, stamp) as DriverUpdate,
          upsert: true,
        },
      })),
      { session },
    );
    if (matchedCount > 0) throw new StaleHeadError('a head was made meanwhile');
  }

  #updateFor(change: Change<Body>, stamp: PublishStamp): Update {
    const { workspace, id } = change;
    if (change.kind === 'draft') {
      const { packageKey } = change;
      return this.#draftUpdate(workspace, id, change.body, packageKey === undefined ? {} : { packageKey }, {
        removing: 1,
        withdrawn: 1,
      });
    }
    if (change.kind === 'discard') {
      const gone = change.head.published === undefined;
      return {
        $set: { updatedAt: stamp.at, ...(gone && { withdrawn: true }) },
        $unset: { draft: 1, removing: 1, ...(gone && { packageKey: 1, uses: 1 }) },
        $inc: { revision: 1 },
      };
    }
    if (change.kind === 'markRemoval')
      return { $set: { removing: true, updatedAt: stamp.at }, $unset: { draft: 1 }, $inc: { revision: 1 } };
    if (change.kind === 'withdraw')
      return {
        $set: { withdrawn: true, updatedAt: stamp.at },
        $unset: {
          draft: 1,
          published: 1,
          publishedVersion: 1,
          publishedAt: 1,
          publishedBy: 1,
          publishedNote: 1,
          publishedRestores: 1,
          packageKey: 1,
          removing: 1,
          uses: 1,
        },
        $inc: { revision: 1 },
      };
    return this.#publishUpdate(change, stamp);
  }

  #publishUpdate(change: Extract<Change<Body>, { kind: 'publish' }>, stamp: PublishStamp): Update {
    const { workspace, head, body, restores, keepsDraft, packageKey } = change;
    const bodies = keepsDraft && head.draft !== undefined ? [body, head.draft] : [body];
    const uses = [...new Set(bodies.flatMap((used) => this.#usesOf(used)))];
    const optional = {
      publishedBy: stamp.by,
      publishedNote: stamp.note,
      publishedRestores: restores,
    };
    return {
      $set: {
        published: body,
        publishedVersion: head.nextVersion,
        publishedAt: stamp.at,
        updatedAt: stamp.at,
        uses: uses.map((used) => scopedKey(workspace, used)),
        ...(packageKey !== undefined && { packageKey }),
        ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
      },
      $unset: {
        withdrawn: 1,
        ...(keepsDraft ? {} : { draft: 1, removing: 1 }),
        ...Object.fromEntries(
          Object.entries(optional).flatMap(([name, value]) => (value === undefined ? [[name, 1]] : [])),
        ),
      },
      $inc: { nextVersion: 1, revision: 1 },
    };
  }

  /** The number of the published version. */
  async publishedVersion(workspace: string, id: string): Promise<number | undefined> {
    const head = await this.#heads.findOne(
      { _id: scopedKey(workspace, id) },
      { projection: { publishedVersion: 1 } },
    );
    return (head as { publishedVersion?: number } | null)?.publishedVersion;
  }

  async published(workspace: string, id: string): Promise<Versioned<Body> | undefined> {
    return publishedOf(await this.head(workspace, id));
  }

  async draft(workspace: string, id: string): Promise<Versioned<Body> | undefined> {
    const head = await this.head(workspace, id);
    return head?.draft === undefined ? undefined : { version: head.nextVersion, body: head.draft };
  }

  /** A version that is or was published. */
  async version(workspace: string, id: string, version: number): Promise<Body | undefined> {
    const published = await this.published(workspace, id);
    if (published?.version === version) return published.body;
    return (await this.versions(workspace, [{ id, version }])).get(id);
  }

  /** Versions that were replaced, by id: one of each. */
  async versions(
    workspace: string,
    wanted: readonly { readonly id: string; readonly version: number }[],
  ): Promise<Map<string, Body>> {
    if (wanted.length === 0) return new Map();
    const keys = wanted.map(({ id, version }) => `${scopedKey(workspace, id)}:${version}`);
    const found = await this.#versions.find({ _id: { $in: keys } }).toArray();
    return new Map((found as unknown as VersionRecord<Body>[]).map(({ id, body }) => [id, body]));
  }

  /**
   * Its versions, newest first, without their contents: at most `limit` before the version `before`.
   * Every number below the draft's was published once, so that they are asked for by their keys.
   */
  async history(
    workspace: string,
    id: string,
    before: number | undefined,
    limit: number,
  ): Promise<VersionStamp[]> {
    const head = await this.#head(scopedKey(workspace, id), { draft: 0, published: 0 });
    if (!head) return [];
    const newest = Math.min(before ?? Number.POSITIVE_INFINITY, head.nextVersion) - 1;
    const numbers = Array.from({ length: Math.min(limit, newest) }, (_, index) => newest - index);
    const keys = numbers
      .filter((number) => number !== head.publishedVersion)
      .map((number) => `${head._id}:${number}`);
    const kept =
      keys.length === 0
        ? []
        : await this.#versions.find({ _id: { $in: keys } }, { projection: { body: 0 } }).toArray();
    const byNumber = new Map(
      (kept as unknown as VersionRecord<Body>[]).map((record) => [record.version, record as VersionStamp]),
    );
    const current = stampOf(head);
    if (current) byNumber.set(current.version, current);
    return numbers.flatMap((number) => byNumber.get(number) ?? []);
  }

  /** Whole, also where it was removed. */
  head(workspace: string, id: string): Promise<HeadRecord<Body> | undefined> {
    return this.#head(scopedKey(workspace, id), {});
  }

  /** By id; ids that are not there are absent from the map. */
  async heads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Summary>>> {
    return present(await this.#byId<Summary>(workspace, ids, this.#projection));
  }

  /** As `heads`, with whole bodies. */
  async fullHeads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Body>>> {
    return present(await this.allHeads(workspace, ids));
  }

  /** As `fullHeads`, with those that were removed. */
  allHeads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Body>>> {
    return this.#byId<Body>(workspace, ids, {});
  }

  /** All of a package, by id, with whole bodies. */
  async ofPackage(workspace: string, packageId: string): Promise<HeadRecord<Body>[]> {
    const found = await this.#heads
      .find({ packageKey: scopedKey(workspace, packageId) })
      .sort({ _id: 1 })
      .toArray();
    return found as unknown as HeadRecord<Body>[];
  }

  /** Of a package, by id, after `after`. */
  async packagePage(
    workspace: string,
    packageId: string,
    after: string | undefined,
    limit: number,
  ): Promise<HeadRecord<Summary>[]> {
    return this.#pageOf(
      {
        packageKey: scopedKey(workspace, packageId),
        _id: { $gt: scopedKey(workspace, after ?? '') },
      },
      limit,
    );
  }

  /** What uses one thing, in the draft or in the published version, with whole bodies. */
  async usersOf(workspace: string, id: string): Promise<HeadRecord<Body>[]> {
    const found = await this.#heads.find({ uses: scopedKey(workspace, id) }).toArray();
    return (found as unknown as HeadRecord<Body>[]).toSorted((a, b) => (a._id < b._id ? -1 : 1));
  }

  /**
   * By id, ascending (by code point), after `after`.
   * @param search a part of the id or the name, in any case.
   */
  async page(
    workspace: string,
    after: string | undefined,
    limit: number,
    search?: string,
  ): Promise<HeadRecord<Summary>[]> {
    // A workspace id has no colon and ";" follows ":", so that this range is the workspace's documents.
    const filter = { _id: { $gt: scopedKey(workspace, after ?? ''), $lt: `${workspace};` } };
    if (search === undefined) return this.#pageOf(filter, limit);
    return this.#pageOf({ _id: { $in: await this.#found(filter, limit, search.toLowerCase()) } }, limit);
  }

  /** Compared here, on names alone: an engine that compiles a pattern for each document takes a second for 300. */
  async #found(filter: Filter, limit: number, text: string): Promise<string[]> {
    const all = this.#heads
      .find({ ...filter, withdrawn: { $ne: true } }, { projection: NAMES })
      .sort({ _id: 1 })
      .batchSize(1_000);
    const found: string[] = [];
    for await (const head of all) {
      const { _id, id, draft, published } = head as unknown as Findable;
      const isMeant = [id, draft?.name, published?.name].some((name) => name?.toLowerCase().includes(text));
      if (isMeant && found.push(_id) === limit) break;
    }
    return found;
  }

  async #pageOf(filter: Readonly<Record<string, unknown>>, limit: number): Promise<HeadRecord<Summary>[]> {
    const found = await this.#heads
      .find({ ...filter, withdrawn: { $ne: true } } as Filter, { projection: this.#projection })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return found as unknown as HeadRecord<Summary>[];
  }

  async #head(_id: string, projection: Readonly<Record<string, 0>>): Promise<HeadRecord<Body> | undefined> {
    const head = await this.#heads.findOne({ _id }, { projection });
    return (head as unknown as HeadRecord<Body> | null) ?? undefined;
  }

  async #byId<Shown>(
    workspace: string,
    ids: readonly string[],
    projection: Readonly<Record<string, 0>>,
  ): Promise<Map<string, HeadRecord<Shown>>> {
    const keys = [...new Set(ids)].map((id) => scopedKey(workspace, id));
    if (keys.length === 0) return new Map();
    const found = await this.#heads.find({ _id: { $in: keys } }, { projection }).toArray();
    return new Map((found as unknown as HeadRecord<Shown>[]).map((head) => [head.id, head]));
  }

  /** Their keys are our own texts, which the driver's types do not know. */
  get #heads(): mongo.Collection<Stored> {
    return this.#models.heads.collection as unknown as mongo.Collection<Stored>;
  }

  get #versions(): mongo.Collection<Stored> {
    return this.#models.versions.collection as unknown as mongo.Collection<Stored>;
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

/** The published version moves to the versions as another takes its place: readers find it in one or the other. */
function keptVersion<Body>(head: HeadRecord<Body>): VersionRecord<Body>[] {
  const stamp = stampOf(head);
  if (!stamp || head.published === undefined) return [];
  return [
    {
      _id: `${head._id}:${stamp.version}`,
      workspace: head.workspace,
      id: head.id,
      body: head.published,
      ...stamp,
    },
  ];
}

function stampOf(head: HeadRecord<unknown>): VersionStamp | undefined {
  if (head.publishedVersion === undefined) return undefined;
  return {
    version: head.publishedVersion,
    publishedAt: head.publishedAt ?? head.updatedAt,
    ...(head.publishedBy !== undefined && { publishedBy: head.publishedBy }),
    ...(head.publishedNote !== undefined && { note: head.publishedNote }),
    ...(head.publishedRestores !== undefined && { restores: head.publishedRestores }),
  };
}

const present = <Shown>(heads: Map<string, HeadRecord<Shown>>): Map<string, HeadRecord<Shown>> =>
  new Map([...heads].filter(([, { withdrawn }]) => !withdrawn));

const publishedOf = <Body>(head: HeadRecord<Body> | undefined): Versioned<Body> | undefined =>
  head?.published === undefined || head.publishedVersion === undefined
    ? undefined
    : { version: head.publishedVersion, body: head.published };
