/** Calling systems. */
import type { Connection } from 'mongoose';
import { badInput, notFound } from '../../../platform/errors/herald-error.ts';
import { newId, scopedKey } from '../../../platform/names/ids.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { CreatedKeyRecord, Credentials } from '../credentials/credentials.ts';
import { appPermissions, type PermissionsInput } from '../input/app-permissions.ts';
import { checkLabel, MAX_NAME_CHARS } from '../input/label.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';
import type { UsersModels } from '../store/models.ts';
import type { AppDocument, AppRecord } from '../store/records.ts';

const DEFAULT_RATE_LIMIT_PER_SECOND = 1_000;
const MAX_RATE_LIMIT_PER_SECOND = 1_000_000;

/** The built-in app of a workspace as which its operators send. */
export const consoleAppId = (workspace: string): string => `app_console_${workspace}`;
const CONSOLE_APP_NAME = 'Console';

export class Apps {
  readonly #connection: Connection;
  readonly #models: UsersModels;
  readonly #credentials: Credentials;

  constructor(connection: Connection, models: UsersModels, credentials: Credentials) {
    this.#connection = connection;
    this.#models = models;
    this.#credentials = credentials;
  }

  /**
   * With its first key.
   * @throws HeraldError BAD_USER_INPUT (field `name` or `rateLimitPerSecond`).
   */
  async create(
    workspace: string,
    input: { readonly name: string; readonly rateLimitPerSecond?: number | null },
  ): Promise<{ readonly app: AppRecord; readonly apiKey: string }> {
    const name = checkLabel('name', input.name, MAX_NAME_CHARS);
    const rate = checkRate(input.rateLimitPerSecond ?? DEFAULT_RATE_LIMIT_PER_SECOND);
    const id = newId('app');
    const document = appDocument(workspace, id, name, rate);
    const { secret } = await inTransaction(this.#connection, async (session) => {
      await this.#models.apps.create([document], { session });
      return await this.#credentials.create({ kind: 'app', workspace, app: id }, name, session);
    });
    return { app: document, apiKey: secret };
  }

  /**
   * What is undefined stays; `may: null` lets it send everything.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT (field `name`, `rateLimitPerSecond`, `may.events.0` …).
   */
  async update(
    workspace: string,
    id: string,
    changes: {
      readonly name?: string | null;
      readonly rateLimitPerSecond?: number | null;
      readonly may?: PermissionsInput | null;
    },
  ): Promise<AppRecord> {
    const { name, rateLimitPerSecond, may } = changes;
    const $set = {
      ...(name != null && { name: checkLabel('name', name, MAX_NAME_CHARS) }),
      ...(rateLimitPerSecond != null && { rateLimitPerSecond: checkRate(rateLimitPerSecond) }),
      ...(may != null && { may: appPermissions(may) }),
    };
    const saved = await this.#models.apps
      .findOneAndUpdate(
        { _id: scopedKey(workspace, id) },
        { $set, ...(may === null && { $unset: { may: 1 } }) },
        { returnDocument: 'after' },
      )
      .lean();
    if (!saved) throw notFound('app', id);
    await this.#credentials.appChanged(workspace, id);
    return saved;
  }

  /** @throws HeraldError NOT_FOUND; BAD_USER_INPUT (field `name`). */
  async createKey(workspace: string, app: string, name: string): Promise<CreatedKeyRecord> {
    if (!(await this.find(workspace, [app])).has(app)) throw notFound('app', app);
    return await this.#credentials.create({ kind: 'app', workspace, app }, name);
  }

  /** By id; those that the workspace does not have are absent. */
  async find(workspace: string, ids: readonly string[]): Promise<Map<string, AppRecord>> {
    const found = await this.#models.apps
      .find({ _id: { $in: ids.map((id) => scopedKey(workspace, id)) } })
      .lean();
    return new Map(found.map((app) => [app.id, app]));
  }

  /** Newest first, after the cursor. */
  async page(workspace: string, after: string | undefined, limit: number): Promise<AppRecord[]> {
    return await this.#models.apps
      .find({
        sortKey: {
          $gt: `${workspace}|`,
          $lt: after === undefined ? `${workspace}}` : `${workspace}|${after}`,
        },
      })
      .sort({ sortKey: -1 })
      .limit(limit)
      .lean();
  }

  /** Creates the app where there is none of this id. */
  async ensure(workspace: string, id: string, name: string): Promise<void> {
    const { _id, ...rest } = appDocument(workspace, id, name, DEFAULT_RATE_LIMIT_PER_SECOND);
    await againWhenRaced(() =>
      this.#models.apps.updateOne({ _id }, { $setOnInsert: rest }, { upsert: true }),
    );
  }
}

function checkRate(rate: number): number {
  if (rate < 1 || rate > MAX_RATE_LIMIT_PER_SECOND)
    throw badInput('rateLimitPerSecond', `Must be 1 to ${MAX_RATE_LIMIT_PER_SECOND}; it is ${rate}.`);
  return rate;
}

/** A new workspace's console app. */
export const consoleApp = (workspace: string): AppDocument =>
  appDocument(workspace, consoleAppId(workspace), CONSOLE_APP_NAME, DEFAULT_RATE_LIMIT_PER_SECOND);

/** The key to go on after an app, without its workspace. */
export const appCursor = (app: AppRecord): string => app.sortKey.slice(app.workspace.length + 1);

function appDocument(workspace: string, id: string, name: string, rateLimitPerSecond: number): AppDocument {
  const createdAt = new Date();
  const sortKey = `${workspace}|${createdAt.toISOString()}|${id}`;
  return { _id: scopedKey(workspace, id), workspace, id, name, rateLimitPerSecond, createdAt, sortKey };
}
