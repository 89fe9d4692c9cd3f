/** Reads drafts and published versions of one kind of thing. */
import type { mongo } from 'mongoose';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { VersionedModels } from './models.ts';
import type { HeadRecord, VersionRecord, VersionStamp } from './records.ts';
import { publishedOf, stampOf, type Versioned } from './version-of-head.ts';

/** As the driver sees a head or a version. */
export interface Stored {
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
export type Filter = mongo.Filter<Stored>;

/** `Summary` is the body without what is too large for lists. */
export class HeadReader<Body extends Summary, Summary> {
  protected readonly headRecords: mongo.Collection<Stored>;
  protected readonly versionRecords: mongo.Collection<Stored>;
  /** Leaves out what is too large for lists. */
  protected readonly projection: Readonly<Record<string, 0>>;

  /** @param hidden members of a body that are too large for lists. */
  constructor(models: VersionedModels<Body>, hidden: readonly (keyof Body & string)[]) {
    // Their keys are our own texts, which the driver's types do not know.
    this.headRecords = models.heads.collection as unknown as mongo.Collection<Stored>;
    this.versionRecords = models.versions.collection as unknown as mongo.Collection<Stored>;
    this.projection = Object.fromEntries(
      hidden.flatMap((name) => [
        [`draft.${name}`, 0],
        [`published.${name}`, 0],
      ]),
    );
  }

  /** The number of the published version. */
  async publishedVersion(workspace: string, id: string): Promise<number | undefined> {
    const head = await this.headRecords.findOne(
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
    const found = await this.versionRecords.find({ _id: { $in: keys } }).toArray();
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
    const head = await this.headAt(scopedKey(workspace, id), { draft: 0, published: 0 });
    if (!head) return [];
    const newest = Math.min(before ?? Number.POSITIVE_INFINITY, head.nextVersion) - 1;
    const numbers = Array.from({ length: Math.min(limit, newest) }, (_, index) => newest - index);
    const keys = numbers
      .filter((number) => number !== head.publishedVersion)
      .map((number) => `${head._id}:${number}`);
    const kept =
      keys.length === 0
        ? []
        : await this.versionRecords.find({ _id: { $in: keys } }, { projection: { body: 0 } }).toArray();
    const byNumber = new Map(
      (kept as unknown as VersionRecord<Body>[]).map((record) => [record.version, record as VersionStamp]),
    );
    const current = stampOf(head);
    if (current) byNumber.set(current.version, current);
    return numbers.flatMap((number) => byNumber.get(number) ?? []);
  }

  /** Whole, also where it was removed. */
  head(workspace: string, id: string): Promise<HeadRecord<Body> | undefined> {
    return this.headAt(scopedKey(workspace, id), {});
  }

  /** By id; ids that are not there are absent from the map. */
  async heads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Summary>>> {
    return present(await this.#byId<Summary>(workspace, ids, this.projection));
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
    const found = await this.headRecords
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
    const found = await this.headRecords.find({ uses: scopedKey(workspace, id) }).toArray();
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
    const all = this.headRecords
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
    const found = await this.headRecords
      .find({ ...filter, withdrawn: { $ne: true } } as Filter, { projection: this.projection })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return found as unknown as HeadRecord<Summary>[];
  }

  protected async headAt(
    _id: string,
    projection: Readonly<Record<string, 0>>,
  ): Promise<HeadRecord<Body> | undefined> {
    const head = await this.headRecords.findOne({ _id }, { projection });
    return (head as unknown as HeadRecord<Body> | null) ?? undefined;
  }

  async #byId<Shown>(
    workspace: string,
    ids: readonly string[],
    projection: Readonly<Record<string, 0>>,
  ): Promise<Map<string, HeadRecord<Shown>>> {
    const keys = [...new Set(ids)].map((id) => scopedKey(workspace, id));
    if (keys.length === 0) return new Map();
    const found = await this.headRecords.find({ _id: { $in: keys } }, { projection }).toArray();
    return new Map((found as unknown as HeadRecord<Shown>[]).map((head) => [head.id, head]));
  }
}

const present = <Shown>(heads: Map<string, HeadRecord<Shown>>): Map<string, HeadRecord<Shown>> =>
  new Map([...heads].filter(([, { withdrawn }]) => !withdrawn));
