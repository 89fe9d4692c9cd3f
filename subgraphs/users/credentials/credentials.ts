/** API keys and operator keys. */
import type { ClientSession, Connection } from 'mongoose';
import type { Principal } from '../../../platform/auth/principal.ts';
import { conflict, notFound } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { derivedId, newId, scopedKey } from '../../../platform/names/ids.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { checkLabel, MAX_NAME_CHARS } from '../input/label.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';
import type { UsersModels } from '../store/models.ts';
import { appOwner, type CredentialDocument, type KeyRecord, operatorOwner } from '../store/records.ts';
import { hashOfSecret, hintOf, newSecret } from './secrets.ts';

/** Whose a credential is. */
export type Owner =
  | { readonly kind: 'app'; readonly workspace: string; readonly app: string }
  | { readonly kind: 'operator'; readonly workspace: string; readonly root: boolean };

export interface CreatedKeyRecord {
  readonly key: KeyRecord;
  /** Shown now and never again. */
  readonly secret: string;
}

interface Dependencies {
  readonly connection: Connection;
  readonly models: UsersModels;
  readonly bus: InvalidationBus;
  readonly log: Logger;
}

export class Credentials {
  readonly #deps: Dependencies;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /**
   * @param session of the transaction that also makes the owner.
   * @throws HeraldError BAD_USER_INPUT (field `name`).
   */
  async create(owner: Owner, name: string, session?: ClientSession): Promise<CreatedKeyRecord> {
    checkLabel('name', name, MAX_NAME_CHARS);
    const secret = newSecret(owner.kind);
    const document: CredentialDocument = {
      ...describe(owner, secret),
      id: newId('key'),
      name,
      fromSettings: false,
    };
    await this.#deps.models.credentials.create([document], session ? { session } : {});
    return { key: document, secret };
  }

  /** Of an app or a workspace's operators, oldest first. */
  async list(owner: string): Promise<KeyRecord[]> {
    const found = await this.#deps.models.credentials.find({ owner }).lean();
    return found.sort(byCreation);
  }

  /** By owner. */
  async listMany(owners: readonly string[]): Promise<Map<string, KeyRecord[]>> {
    const found = await this.#deps.models.credentials.find({ owner: { $in: [...owners] } }).lean();
    return Map.groupBy(found.sort(byCreation), (credential) => credential.owner);
  }

  /** Whose credential has this hash, not revoked. */
  async principalByHash(hash: string): Promise<Principal | undefined> {
    if (!/^[0-9a-f]{64}$/.test(hash)) return undefined;
    const found = await this.#deps.models.credentials.findOne({ _id: hash }).lean();
    if (!found || found.revokedAt) return undefined;
    if (found.kind === 'operator') return operatorOf(found);
    const app = await this.#deps.models.apps
      .findOne({ _id: scopedKey(found.workspace, found.app ?? '') })
      .lean();
    if (!app) throw new Error(`Credential ${found.id}: its app is not there`);
    const { workspace, id: key } = found;
    return {
      kind: 'app',
      workspace,
      app: app.id,
      key,
      ratePerSecond: app.rateLimitPerSecond,
      ...(app.may && { may: app.may }),
    };
  }

  /** What an app may has changed: those who keep its keys' callers ask again. */
  async appChanged(workspace: string, app: string): Promise<void> {
    const keys = await this.list(appOwner(workspace, app));
    if (keys.length > 0)
      await this.#deps.bus.invalidate(
        ...keys.map(({ id }) => ({ topic: 'key' as const, key: scopedKey(workspace, id) })),
      );
  }

  /**
   * Again changes nothing. Of two operators who revoke each other's key at once, one gets a CONFLICT.
   * @throws HeraldError NOT_FOUND; CONFLICT for the workspace's last operator key.
   */
  async revoke(workspace: string, id: string): Promise<KeyRecord> {
    const { connection, models, bus } = this.#deps;
    const revoked = await inTransaction(connection, async (session) => {
      const found = await models.credentials.findOne({ id }).session(session).lean();
      if (!found || found.workspace !== workspace) throw notFound('key', id);
      if (found.revokedAt) return found;
      if (found.kind === 'operator') await this.#keepOne(workspace, session);
      const revokedAt = new Date();
      await models.credentials
        .updateOne({ _id: found._id }, { $set: { revokedAt, revokedBy: 'operator' } })
        .session(session);
      return { ...found, revokedAt };
    });
    await bus.invalidate({ topic: 'key', key: scopedKey(workspace, id) });
    return revoked;
  }

  /** @throws HeraldError CONFLICT when the workspace has one valid operator key only. */
  async #keepOne(workspace: string, session: ClientSession): Promise<void> {
    const { models } = this.#deps;
    // All who revoke operator keys here write this document, so that of two at once one waits or starts again.
    await models.workspaces
      .updateOne({ _id: workspace }, { $inc: { operatorKeyRevision: 1 } })
      .session(session);
    const keys = await models.credentials
      .find({ owner: operatorOwner(workspace) })
      .session(session)
      .lean();
    if (keys.filter((key) => !key.revokedAt).length <= 1)
      throw conflict('This is the last operator key of the workspace: create another one first.', 'id');
  }

  /**
   * Makes sure of the owner's key from the settings, and revokes a former one.
   * @throws Error when the secret is in use for something else.
   */
  async ensureFromSettings(owner: Owner, name: string, secret: string): Promise<void> {
    const { models, bus, log } = this.#deps;
    const { _id, ...rest } = describe(owner, secret);
    // Of one secret always the same id: processes that start at once write the same.
    const id = derivedId('key', _id);
    await againWhenRaced(() =>
      models.credentials.updateOne(
        { _id },
        { $setOnInsert: { ...rest, id, name, fromSettings: true } },
        { upsert: true },
      ),
    );
    const found = await models.credentials.findOne({ _id }).lean();
    if (found?.owner !== rest.owner)
      throw new Error(
        `The key "${hintOf(secret)}…" from the settings is in use for something else: give each key a secret of its own.`,
      );
    if (found.revokedBy === 'settings')
      await models.credentials.updateOne({ _id }, { $unset: { revokedAt: 1, revokedBy: 1 } });
    if (found.revokedBy === 'operator')
      log.warn(
        { key: found.id, hint: found.hint },
        'the key from the settings was revoked and stays so: set another one',
      );
    const former = (await models.credentials.find({ owner: rest.owner }).lean()).filter(
      (key) => key.fromSettings && !key.revokedAt && key._id !== _id,
    );
    if (former.length > 0)
      await models.credentials.updateMany(
        { _id: { $in: former.map((key) => key._id) } },
        { $set: { revokedAt: new Date(), revokedBy: 'settings' } },
      );
    const changed = [...former.map((key) => key.id), ...(found.revokedBy === 'settings' ? [id] : [])];
    if (changed.length > 0)
      await bus.invalidate(
        ...changed.map((key) => ({ topic: 'key' as const, key: scopedKey(owner.workspace, key) })),
      );
  }
}

function describe(owner: Owner, secret: string): Omit<CredentialDocument, 'id' | 'name' | 'fromSettings'> {
  const common = {
    _id: hashOfSecret(secret),
    kind: owner.kind,
    workspace: owner.workspace,
    hint: hintOf(secret),
    createdAt: new Date(),
  };
  return owner.kind === 'app'
    ? { ...common, owner: appOwner(owner.workspace, owner.app), app: owner.app, root: false }
    : { ...common, owner: operatorOwner(owner.workspace), root: owner.root };
}

const operatorOf = ({ workspace, id: key, name, root }: CredentialDocument): Principal => ({
  kind: 'operator',
  workspace,
  key,
  name,
  root,
});

const byCreation = (a: KeyRecord, b: KeyRecord): number => a.createdAt.getTime() - b.createdAt.getTime();
