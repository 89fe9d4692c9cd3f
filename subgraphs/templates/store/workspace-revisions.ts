/**
 * One number a workspace, which grows with each publish. Whether anything was published since is one small read; and
 * who decides from several things what to publish does so only while nothing else is published.
 */
import type { ClientSession, Connection, mongo } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';

interface RevisionRecord {
  /** The workspace. */
  readonly _id: string;
  readonly revision: number;
}

export class WorkspaceRevisions {
  readonly #connection: Connection;
  /** Workspaces that have their document: none is made in a transaction, where a race for it would fail. */
  readonly #made = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async ensureCollection(): Promise<void> {
    await this.#connection.createCollection('template_revisions');
  }

  /** 0 where nothing was published yet. */
  async read(workspace: string): Promise<number> {
    return (await this.#collection.findOne({ _id: workspace }))?.revision ?? 0;
  }

  /** To be called before the transaction of `grow`. */
  async ensure(workspace: string): Promise<void> {
    if (this.#made.has(workspace)) return;
    try {
      await this.#collection.updateOne(
        { _id: workspace },
        { $setOnInsert: { revision: 0 } },
        { upsert: true },
      );
    } catch (error) {
      if (!isDuplicateKeyError(error)) throw error;
    }
    this.#made.add(workspace);
  }

  /** @returns whether it still was as expected, and grew. */
  async grow(session: ClientSession, workspace: string, expected: number): Promise<boolean> {
    const { matchedCount } = await this.#collection.updateOne(
      { _id: workspace, revision: expected },
      { $inc: { revision: 1 } },
      { session },
    );
    return matchedCount === 1;
  }

  get #collection(): mongo.Collection<RevisionRecord> {
    return this.#connection.collection<RevisionRecord>(
      'template_revisions',
    ) as unknown as mongo.Collection<RevisionRecord>;
  }
}
