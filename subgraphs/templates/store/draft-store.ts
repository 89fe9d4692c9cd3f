/** Drafts and published versions of templates and of routes: the same rules for both. */
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import { conflict } from '../../../platform/errors/herald-error.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { VersionedModels } from './models.ts';
import type { HeadRecord, VersionRecord } from './records.ts';

/** What a draft's or a published version's content is, and its number. */
export interface Versioned<Body> {
  readonly version: number;
  readonly body: Body;
}

/** Why nothing was published. */
export type PublishRefusal =
  | { readonly refused: 'absent' }
  | { readonly refused: 'noDraft'; readonly publishedVersion?: number };
export type PublishResult<Summary> = { readonly head: HeadRecord<Summary> } | PublishRefusal;

const MAX_RACES = 50;

/** `Summary` is the body without what is too large for lists; `hidden` names those members of the body. */
export class DraftStore<Body extends Summary, Summary> {
  readonly #models: VersionedModels<Body>;
  readonly #projection: Readonly<Record<string, 0>>;
  readonly #now: () => Date;

  constructor(
    models: VersionedModels<Body>,
    hidden: readonly (keyof Body & string)[],
    now: () => Date = () => new Date(),
  ) {
    this.#models = models;
    this.#projection = Object.fromEntries(
      hidden.flatMap((name) => [
        [`draft.${name}`, 0],
        [`published.${name}`, 0],
      ]),
    );
    this.#now = now;
  }

  /** Creates the collections, so that none is made in the middle of a race. Safe to repeat. */
  async ensureCollections(): Promise<void> {
    await this.#models.heads.createCollection();
    await this.#models.versions.createCollection();
  }

  /** Replaces the draft in one atomic step. It has the number that follows the published version's. */
  async saveDraft(workspace: string, id: string, body: Body): Promise<HeadRecord<Summary>> {
    const save = () =>
      this.#models.heads.collection.findOneAndUpdate(
        { _id: scopedKey(workspace, id) as never },
        {
          $set: { draft: body, updatedAt: this.#now() },
          $setOnInsert: { workspace, id, nextVersion: 1 },
          $inc: { revision: 1 },
        },
        { upsert: true, returnDocument: 'after', projection: this.#projection },
      );
    let saved: unknown;
    try {
      saved = await save();
    } catch (error) {
      // Two first saves raced: the document is there now.
      if (!isDuplicateKeyError(error)) throw error;
      saved = await save();
    }
    if (!saved) throw new Error(`${this.#models.heads.modelName} "${id}": the saved draft did not come back`);
    return saved as HeadRecord<Summary>;
  }

  /**
   * Makes the draft the published version. Of two that race for one draft, one publishes it.
   * @param check sees the draft first and throws to refuse it.
   * @throws HeraldError CONFLICT when others go on changing the draft meanwhile.
   */
  async publish(
    workspace: string,
    id: string,
    check: (draft: Body) => Promise<void>,
  ): Promise<PublishResult<Summary>> {
    const _id = scopedKey(workspace, id);
    for (let race = 0; race < MAX_RACES; race++) {
      const head = await this.#head(_id);
      if (!head) return { refused: 'absent' };
      if (head.draft === undefined)
        return {
          refused: 'noDraft',
          ...(head.publishedVersion !== undefined && { publishedVersion: head.publishedVersion }),
        };
      await check(head.draft);
      await this.#keepVersion(head);
      const now = this.#now();
      const published = await this.#models.heads.collection.findOneAndUpdate(
        { _id: _id as never, revision: head.revision },
        {
          $set: {
            published: head.draft,
            publishedVersion: head.nextVersion,
            publishedAt: now,
            updatedAt: now,
          },
          $unset: { draft: 1 },
          $inc: { nextVersion: 1, revision: 1 },
        },
        { returnDocument: 'after', projection: this.#projection },
      );
      if (published) return { head: published as unknown as HeadRecord<Summary> };
    }
    throw conflict('Others are changing this draft at the same time. Look at it and publish it again.');
  }

  /** The published version moves to the versions before another takes its place: readers find it in one or the other. */
  async #keepVersion(head: HeadRecord<Body>): Promise<void> {
    if (head.published === undefined || head.publishedVersion === undefined) return;
    const record: VersionRecord<Body> = {
      _id: `${head._id}:${head.publishedVersion}`,
      workspace: head.workspace,
      id: head.id,
      version: head.publishedVersion,
      body: head.published,
      publishedAt: head.publishedAt ?? head.updatedAt,
    };
    try {
      await this.#models.versions.collection.insertOne(record as never);
    } catch (error) {
      // A publish that raced or was cut off has kept the same version already.
      if (!isDuplicateKeyError(error)) throw error;
    }
  }

  /** The number of the published version. */
  async publishedVersion(workspace: string, id: string): Promise<number | undefined> {
    const head = await this.#models.heads.collection.findOne(
      { _id: scopedKey(workspace, id) as never },
      { projection: { publishedVersion: 1 } },
    );
    return (head as { publishedVersion?: number } | null)?.publishedVersion;
  }

  async published(workspace: string, id: string): Promise<Versioned<Body> | undefined> {
    return publishedOf(await this.#head(scopedKey(workspace, id)));
  }

  async draft(workspace: string, id: string): Promise<Versioned<Body> | undefined> {
    const head = await this.#head(scopedKey(workspace, id));
    return head?.draft === undefined ? undefined : { version: head.nextVersion, body: head.draft };
  }

  /** A version that is or was published. */
  async version(workspace: string, id: string, version: number): Promise<Body | undefined> {
    const published = await this.published(workspace, id);
    if (published?.version === version) return published.body;
    const kept = await this.#models.versions.collection.findOne({
      _id: `${scopedKey(workspace, id)}:${version}` as never,
    });
    return (kept as VersionRecord<Body> | null)?.body;
  }

  /** By id; ids that are not there are absent from the map. */
  async heads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Summary>>> {
    return this.#byId<Summary>(workspace, ids, this.#projection);
  }

  /** As `heads`, with whole bodies. */
  async fullHeads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Body>>> {
    return this.#byId<Body>(workspace, ids, {});
  }

  /** By id, ascending (by code point), after `after`. */
  async page(workspace: string, after: string | undefined, limit: number): Promise<HeadRecord<Summary>[]> {
    // A workspace id has no colon and ";" follows ":", so that this range is the workspace's documents.
    const range = { $gt: scopedKey(workspace, after ?? ''), $lt: `${workspace};` };
    const found = await this.#models.heads.collection
      .find({ _id: range as never }, { projection: this.#projection })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return found as unknown as HeadRecord<Summary>[];
  }

  async #head(_id: string): Promise<HeadRecord<Body> | undefined> {
    const head = await this.#models.heads.collection.findOne({ _id: _id as never });
    return (head as unknown as HeadRecord<Body> | null) ?? undefined;
  }

  async #byId<Shown>(
    workspace: string,
    ids: readonly string[],
    projection: Readonly<Record<string, 0>>,
  ): Promise<Map<string, HeadRecord<Shown>>> {
    const keys = [...new Set(ids)].map((id) => scopedKey(workspace, id));
    if (keys.length === 0) return new Map();
    const found = await this.#models.heads.collection
      .find({ _id: { $in: keys } as never }, { projection })
      .toArray();
    return new Map((found as unknown as HeadRecord<Shown>[]).map((head) => [head.id, head]));
  }
}

const publishedOf = <Body>(head: HeadRecord<Body> | undefined): Versioned<Body> | undefined =>
  head?.published === undefined || head.publishedVersion === undefined
    ? undefined
    : { version: head.publishedVersion, body: head.published };
