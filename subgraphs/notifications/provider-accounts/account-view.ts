/** A provider account as operators see it: one of a workspace, or one of the settings. Pure. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { providerAccountKey } from '../../../platform/names/ids.ts';
import type { SettingsAccount } from '../../../platform/provider-health/settings-accounts.ts';
import type { Actor } from '../audit/actor.ts';
import { plainConfig } from './account-config.ts';
import type { AllowedHours, ProviderAccountRecord, ProviderDefinitionRecord } from './account-record.ts';

/** Behind all of the workspace, whose order ends at 1,000. */
const FIRST_SETTINGS_ORDER = 1_001;
const WEIGHT = 100;

export interface AccountView {
  readonly source: 'WORKSPACE' | 'SETTINGS';
  /** See `providerAccountKey`. */
  readonly key: string;
  /** Whether the operator may see more than that it is there. */
  readonly open: boolean;
  readonly id: string;
  readonly provider: string;
  readonly channels: Channel[] | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly secretsSet: string[];
  readonly order: number;
  readonly weight: number;
  readonly apps: string[] | null;
  readonly ratePerSecond: number | null;
  readonly dailyQuota: number | null;
  readonly allowedHours: AllowedHours | null;
  readonly enabled: boolean;
  readonly receiptPath: string | null;
  readonly problem: string | null;
  readonly receiptsProblem: string | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  readonly updatedBy: Actor | null;
}

/** @param definition of its provider; undefined where no dispatcher has told of that. */
export function viewOf(
  record: ProviderAccountRecord,
  definition: Pick<ProviderDefinitionRecord, 'receipts'> | undefined,
): AccountView {
  const { workspace, id, channels, apps } = record;
  const key = providerAccountKey(workspace, id);
  return {
    source: 'WORKSPACE',
    key,
    open: true,
    id,
    provider: record.provider,
    channels: channels ? [...channels] : null,
    config: shownConfig(record),
    secretsSet: Object.keys(record.secrets),
    order: record.order,
    weight: record.weight,
    apps: apps ? [...apps] : null,
    ratePerSecond: record.ratePerSecond ?? null,
    dailyQuota: record.dailyQuota ?? null,
    allowedHours: record.allowedHours ?? null,
    enabled: record.enabled,
    receiptPath: receiptPathOf(key, definition?.receipts),
    problem: record.problem ?? null,
    receiptsProblem: record.receiptsProblem ?? null,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    updatedBy: record.by,
  };
}

/**
 * The accounts of the settings that serve a workspace: an enabled one of its own with the same id takes a place.
 * @param open whether the operator may see how they are configured.
 */
export const viewsOfSettings = (
  accounts: readonly SettingsAccount[],
  own: readonly Pick<ProviderAccountRecord, 'id' | 'enabled'>[],
  open: boolean,
): AccountView[] =>
  accounts
    .map((account, index) => viewOfSettings(account, index, open))
    .filter(({ id }) => !own.some((one) => one.enabled && one.id === id));

function viewOfSettings(account: SettingsAccount, index: number, open: boolean): AccountView {
  const { id, provider, channels, config, secretsSet } = account;
  return {
    source: 'SETTINGS',
    key: id,
    open,
    id,
    provider,
    channels: [...channels],
    config: open ? { ...config, ...Object.fromEntries(secretsSet.map((field) => [field, null])) } : null,
    secretsSet: open ? [...secretsSet] : [],
    order: FIRST_SETTINGS_ORDER + index,
    weight: WEIGHT,
    apps: null,
    ratePerSecond: (open ? account.ratePerSecond : undefined) ?? null,
    dailyQuota: (open ? account.dailyQuota : undefined) ?? null,
    allowedHours: null,
    enabled: true,
    receiptPath: receiptPathOf(id, account.receipts),
    problem: null,
    receiptsProblem: null,
    createdAt: null,
    updatedAt: null,
    updatedBy: null,
  };
}

/** Null where nothing comes: whoever does not know says that something may. */
const receiptPathOf = (key: string, receipts = true): string | null => (receipts ? `/receipts/${key}` : null);

/** The configuration as it is shown: secrets are null. */
export const shownConfig = (record: ProviderAccountRecord): Record<string, unknown> => ({
  ...plainConfig(record),
  ...Object.fromEntries(Object.keys(record.secrets).map((field) => [field, null])),
});
