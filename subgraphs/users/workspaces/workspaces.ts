/** Workspaces: what belongs to one is not there for the others. */
import type { Connection } from 'mongoose';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import { badInput, conflict } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { isWorkspaceId } from '../../../platform/names/ids.ts';
import type { QuietHours } from '../../../platform/quiet-hours/quiet-hours.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { type Apps, consoleApp } from '../apps/apps.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { checkLabel, MAX_NAME_CHARS } from '../input/label.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';
import type { UsersModels } from '../store/models.ts';
import type { WorkspaceDocument } from '../store/records.ts';

const FIRST_OPERATOR_KEY_NAME = 'First operator';

export interface CreatedWorkspaceRecord {
  readonly workspace: { readonly id: string; readonly name: string; readonly createdAt: Date };
  /** Shown now and never again. */
  readonly operatorKey: string;
}

export class Workspaces {
  readonly #connection: Connection;
  readonly #models: UsersModels;
  readonly #apps: Apps;
  readonly #credentials: Credentials;
  readonly #bus: Pick<InvalidationBus, 'invalidate'>;

  constructor(deps: {
    connection: Connection;
    models: UsersModels;
    apps: Apps;
    credentials: Credentials;
    bus: Pick<InvalidationBus, 'invalidate'>;
  }) {
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#apps = deps.apps;
    this.#credentials = deps.credentials;
    this.#bus = deps.bus;
  }

  /**
   * With its console app and its first operator's key, all or nothing.
   * @throws HeraldError BAD_USER_INPUT (field `id` or `name`); CONFLICT when the id is taken.
   */
  async create(id: string, name: string): Promise<CreatedWorkspaceRecord> {
    if (!isWorkspaceId(id))
      throw badInput(
        'id',
        'A workspace id is a lower-case letter, then lower-case letters, digits or dashes, at most 40 in all.',
      );
    checkLabel('name', name, MAX_NAME_CHARS);
    const document = workspaceDocument(id, name);
    try {
      const { secret } = await inTransaction(this.#connection, async (session) => {
        await this.#models.workspaces.create([document], { session });
        await this.#models.apps.create([consoleApp(id)], { session });
        return await this.#credentials.create(
          { kind: 'operator', workspace: id, root: false },
          FIRST_OPERATOR_KEY_NAME,
          session,
        );
      });
      return { workspace: { id, name, createdAt: document.createdAt }, operatorKey: secret };
    } catch (error) {
      if (isDuplicateKeyError(error)) throw conflict(`There is a workspace "${id}" already.`, 'id');
      throw error;
    }
  }

  /** Creates it, and its console app, where they are missing. */
  async ensure(id: string, name: string): Promise<void> {
    const { _id, ...rest } = workspaceDocument(id, name);
    await againWhenRaced(() =>
      this.#models.workspaces.updateOne({ _id }, { $setOnInsert: rest }, { upsert: true }),
    );
    const app = consoleApp(id);
    await this.#apps.ensure(id, app.id, app.name);
  }

  /** Of users who have none of their own. */
  async quietHours(id: string): Promise<QuietHours | undefined> {
    const found = await this.#models.workspaces
      .findById(id, { quietHours: 1 })
      .lean<Pick<WorkspaceDocument, 'quietHours'>>();
    return found?.quietHours;
  }

  async setQuietHours(id: string, quietHours: QuietHours | undefined): Promise<void> {
    try {
      await this.#models.workspaces.updateOne(
        { _id: id },
        quietHours ? { $set: { quietHours } } : { $unset: { quietHours: 1 } },
      );
    } finally {
      // Also after a failure: it may have been written.
      await this.#bus.invalidate({ topic: 'workspace', key: id });
    }
  }
}

const workspaceDocument = (id: string, name: string): WorkspaceDocument => ({
  _id: id,
  name,
  createdAt: new Date(),
  operatorKeyRevision: 0,
});
