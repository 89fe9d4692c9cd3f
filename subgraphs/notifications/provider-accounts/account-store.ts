/** Provider accounts as the dispatchers use them. */
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import type { NotificationModels } from '../store/models.ts';
import { type AccountConfig, openedConfig, sealedAnew } from './account-config.ts';
import type { ProviderAccountRecord, ProviderDefinitionRecord } from './account-record.ts';

export class ProviderAccountStore {
  readonly #models: Pick<NotificationModels, 'raw'>;

  constructor(models: Pick<NotificationModels, 'raw'>) {
    this.#models = models;
  }

  /** Tells operators what accounts there can be. Those of another version of Herald stay. */
  async publish(definitions: readonly Omit<ProviderDefinitionRecord, 'publishedAt'>[]): Promise<void> {
    const publishedAt = sharedDate();
    await Promise.all(
      definitions.map(({ _id, ...definition }) =>
        this.#models.raw.providerDefinitions.updateOne(
          { _id },
          { $set: { ...definition, publishedAt } },
          { upsert: true },
        ),
      ),
    );
  }

  /** The accounts of all workspaces, enabled or not. */
  all(): Promise<readonly ProviderAccountRecord[]> {
    return this.#models.raw.providerAccounts.find().toArray();
  }

  /** @returns null where there is none, enabled or not. */
  find(workspace: string, id: string): Promise<ProviderAccountRecord | null> {
    return this.#models.raw.providerAccounts.findOne({ _id: scopedKey(workspace, id) });
  }

  /**
   * An account's configuration, secrets in the open. What was sealed with an older key is sealed anew.
   * @throws Error when no key opens one.
   */
  async configOf(record: ProviderAccountRecord, box: SecretBox): Promise<AccountConfig> {
    const config = openedConfig(record, box);
    const secrets = sealedAnew(record, box);
    const { _id, revision } = record;
    if (secrets) await this.#models.raw.providerAccounts.updateOne({ _id, revision }, { $set: { secrets } });
    return config;
  }

  /** Tells operators why this revision cannot be used; undefined: it can. */
  async tellProblem(
    { _id, revision, problem: told }: ProviderAccountRecord,
    problem: string | undefined,
  ): Promise<void> {
    if (told === problem) return;
    await this.#models.raw.providerAccounts.updateOne(
      { _id, revision },
      problem === undefined ? { $unset: { problem: '' } } : { $set: { problem } },
    );
  }

  /** Tells operators why no receipts are heard of by this revision; undefined: they are. */
  async tellReceiptsProblem(
    { _id, revision }: Pick<ProviderAccountRecord, '_id' | 'revision'>,
    receiptsProblem: string | undefined,
  ): Promise<void> {
    await this.#models.raw.providerAccounts.updateOne(
      { _id, revision },
      receiptsProblem === undefined ? { $unset: { receiptsProblem: '' } } : { $set: { receiptsProblem } },
    );
  }
}
