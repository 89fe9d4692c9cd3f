/** Provider accounts as operators see and change them. Secrets go in and never come out. */
import { randomUUID } from 'node:crypto';
import type { ClientSession, Connection } from 'mongoose';
import type { OperatorPrincipal } from '../../../platform/auth/principal.ts';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { badInput, forbidden, notFound, unavailable } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { Directory } from '../../users/index.ts';
import { actorOf } from '../audit/actor.ts';
import type { AuditAction } from '../audit/audit-record.ts';
import { writeAudit } from '../audit/write-audit.ts';
import type { NotificationModels } from '../store/models.ts';
import { openedSecret, plainConfig, sealedConfig } from './account-config.ts';
import type { ProviderAccountRecord, ProviderDefinitionRecord } from './account-record.ts';
import { shownConfig } from './account-view.ts';
import {
  type AccountInput,
  checkedAccountId,
  configOf,
  type FormerConfig,
  rulesOf,
} from './check-account.ts';

/** In a workspace. */
const MAX_ACCOUNTS = 100;

export interface AccountServiceDeps {
  readonly connection: Connection;
  readonly models: Pick<NotificationModels, 'raw'>;
  readonly box: SecretBox;
  readonly bus: Pick<InvalidationBus, 'invalidate'>;
  readonly directory: Pick<Directory, 'missingApps'>;
}

export class ProviderAccountService {
  readonly #deps: AccountServiceDeps;
  readonly #accounts: NotificationModels['raw']['providerAccounts'];

  constructor(deps: AccountServiceDeps) {
    this.#deps = deps;
    this.#accounts = deps.models.raw.providerAccounts;
  }

  /** By name. */
  async definitions(): Promise<readonly ProviderDefinitionRecord[]> {
    const all = await this.#deps.models.raw.providerDefinitions.find().toArray();
    return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** In the order in which they are tried. */
  async list(workspace: string): Promise<readonly ProviderAccountRecord[]> {
    const all = await this.#accounts.find(inWorkspace(workspace)).toArray();
    return all.toSorted((a, b) => a.order - b.order || (a._id < b._id ? -1 : 1));
  }

  /** @throws HeraldError NOT_FOUND. */
  async account(workspace: string, id: string): Promise<ProviderAccountRecord> {
    const found = await this.#accounts.findOne({ _id: scopedKey(workspace, id) });
    if (!found) throw notFound('provider account', id);
    return found;
  }

  /** @throws HeraldError BAD_USER_INPUT that names the field; FORBIDDEN; UNAVAILABLE before the first dispatcher. */
  async save(operator: OperatorPrincipal, input: AccountInput): Promise<ProviderAccountRecord> {
    const { workspace } = operator;
    const id = checkedAccountId(input.id);
    const definition = await this.#definition(input.provider);
    if (definition.installation && !operator.root)
      throw forbidden(`Only operators of the first workspace may have accounts of ${definition.name}.`);
    await this.#checkApps(workspace, input.apps ?? []);
    const _id = scopedKey(workspace, id);
    return this.#change(_id, async (session) => {
      const former = await this.#accounts.findOne({ _id }, { session });
      if (former && former.provider !== definition._id)
        throw badInput('input.provider', `The account is one of ${former.provider}: make another one.`);
      if (
        !former &&
        (await this.#accounts.countDocuments(inWorkspace(workspace), { session })) >= MAX_ACCOUNTS
      )
        throw badInput('input.id', `There are ${MAX_ACCOUNTS} provider accounts already: delete one.`);
      const rules = rulesOf(input, former ?? undefined, definition);
      const config = configOf(
        input.config,
        former ? this.#formerOf(former) : undefined,
        definition,
        operator.root,
      );
      const at = sharedDate();
      const next: ProviderAccountRecord = {
        _id,
        workspace,
        id,
        provider: definition._id,
        ...sealedConfig(_id, config, definition.secretFields, this.#deps.box),
        ...rules,
        revision: randomUUID(),
        createdAt: former?.createdAt ?? at,
        updatedAt: at,
        by: actorOf(operator),
      };
      if (former) await this.#accounts.replaceOne({ _id }, next, { session });
      else await this.#accounts.insertOne(next, { session });
      const given = typeof input.config === 'object' ? Object.keys(input.config ?? {}) : [];
      await this.#audit(operator, 'SAVE_PROVIDER_ACCOUNT', session, {
        at,
        former: former ?? undefined,
        next,
        secretsGiven: given.filter((field) => definition.secretFields.includes(field)),
      });
      return next;
    });
  }

  /** @throws HeraldError NOT_FOUND. */
  async setEnabled(
    operator: OperatorPrincipal,
    id: string,
    enabled: boolean,
  ): Promise<ProviderAccountRecord> {
    const _id = scopedKey(operator.workspace, id);
    return this.#change(_id, async (session) => {
      const former = await this.#accounts.findOne({ _id }, { session });
      if (!former) throw notFound('provider account', id);
      if (former.enabled === enabled) return former;
      const at = sharedDate();
      const { problem: _problem, receiptsProblem: _receiptsProblem, ...rest } = former;
      const next = { ...rest, enabled, revision: randomUUID(), updatedAt: at, by: actorOf(operator) };
      await this.#accounts.replaceOne({ _id }, next, { session });
      const action = enabled ? 'ENABLE_PROVIDER_ACCOUNT' : 'DISABLE_PROVIDER_ACCOUNT';
      await this.#audit(operator, action, session, { at, former, next });
      return next;
    });
  }

  /** @throws HeraldError NOT_FOUND. */
  async delete(operator: OperatorPrincipal, id: string): Promise<void> {
    const _id = scopedKey(operator.workspace, id);
    await this.#change(_id, async (session) => {
      const former = await this.#accounts.findOne({ _id }, { session });
      if (!former) throw notFound('provider account', id);
      await this.#accounts.deleteOne({ _id }, { session });
      await this.#audit(operator, 'DELETE_PROVIDER_ACCOUNT', session, { at: sharedDate(), former });
    });
  }

  /** Writes down that an operator sent a message through an account. */
  async noteTest(operator: OperatorPrincipal, account: string, to: string): Promise<void> {
    await inTransaction(this.#deps.connection, (session) =>
      this.#audit(operator, 'TEST_PROVIDER_ACCOUNT', session, { at: sharedDate(), account, to }),
    );
  }

  /** In a transaction; then all dispatchers are told. */
  async #change<T>(key: string, work: (session: ClientSession) => Promise<T>): Promise<T> {
    const result = await inTransaction(this.#deps.connection, work);
    await this.#deps.bus.invalidate({ topic: 'provider', key });
    return result;
  }

  async #definition(provider: string): Promise<ProviderDefinitionRecord> {
    const all = await this.definitions();
    const found = all.find(({ _id }) => _id === provider);
    if (found) return found;
    if (all.length === 0) throw unavailable('No dispatcher has told yet which providers there are.');
    throw badInput(
      'input.provider',
      `There is no provider "${provider}"; there are ${all.map(({ _id }) => _id).join(', ')}.`,
    );
  }

  async #checkApps(workspace: string, apps: readonly string[]): Promise<void> {
    if (apps.length === 0) return;
    const [missing] = await this.#deps.directory.missingApps(workspace, apps);
    if (missing !== undefined)
      throw badInput(
        `input.apps.${apps.indexOf(missing)}`,
        `The workspace has no app "${missing}"; the query \`apps\` tells which there are.`,
      );
  }

  #formerOf(record: ProviderAccountRecord): FormerConfig {
    return {
      plain: plainConfig(record),
      secrets: Object.keys(record.secrets),
      open: (field) => openedSecret(record._id, field, record.secrets[field] ?? '', this.#deps.box),
    };
  }

  async #audit(
    operator: OperatorPrincipal,
    action: AuditAction,
    session: ClientSession,
    change: {
      at: Date;
      former?: ProviderAccountRecord | undefined;
      next?: ProviderAccountRecord;
      secretsGiven?: readonly string[];
      account?: string;
      to?: string;
    },
  ): Promise<void> {
    const { at, former, next, secretsGiven = [], to } = change;
    const account = next?.id ?? former?.id ?? change.account;
    await writeAudit(
      this.#deps.models,
      {
        workspace: operator.workspace,
        at,
        actor: actorOf(operator),
        action,
        deliveries: [],
        notifications: [],
        count: 0,
        ...(account !== undefined && { providerAccount: account }),
        ...(former && { before: told(former) }),
        ...(next && { after: { ...told(next), ...(secretsGiven.length > 0 && { secretsGiven }) } }),
        ...(to !== undefined && { after: { to } }),
      },
      session,
    );
  }
}

const inWorkspace = (workspace: string) => ({ _id: { $gte: `${workspace}:`, $lt: `${workspace};` } });

/** For the audit trail. */
function told(record: ProviderAccountRecord): Record<string, unknown> {
  const { provider, channels, order, weight, apps, ratePerSecond, dailyQuota, allowedHours, enabled } =
    record;
  const rules = { provider, channels, order, weight, apps, ratePerSecond, dailyQuota, allowedHours, enabled };
  return {
    ...Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined)),
    config: shownConfig(record),
    secretsSet: Object.keys(record.secrets),
  };
}
