/** Judges what an operator wants of a provider account. Pure. */
import { providerAccountId } from '../../../platform/config/provider-accounts.ts';
import { badInput, forbidden } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { AccountConfig } from './account-config.ts';
import type { AllowedHours, ProviderAccountRecord, ProviderDefinitionRecord } from './account-record.ts';
import { configProblem } from './config-schema.ts';

/** `ProviderAccountInput` of the graph: undefined is left as it is, null is taken away. */
export interface AccountInput {
  readonly id: string;
  readonly provider: string;
  readonly channels?: readonly Channel[] | null;
  readonly config?: unknown;
  readonly order?: number | null;
  readonly weight?: number | null;
  readonly apps?: readonly string[] | null;
  readonly ratePerSecond?: number | null;
  readonly dailyQuota?: number | null;
  readonly allowedHours?: AllowedHours | null;
  readonly enabled?: boolean | null;
}

/** The rules of an account: all but its configuration. */
export type AccountRules = Pick<
  ProviderAccountRecord,
  'channels' | 'order' | 'weight' | 'apps' | 'ratePerSecond' | 'dailyQuota' | 'allowedHours' | 'enabled'
>;

const DEFAULTS = { order: 100, weight: 100, enabled: true } as const;
const MAX_APPS = 100;

/** @throws HeraldError BAD_USER_INPUT that names the field. */
export function checkedAccountId(id: string): string {
  const parsed = providerAccountId.safeParse(id);
  if (parsed.success) return parsed.data;
  throw badInput('input.id', `It ${parsed.error.issues[0]?.message ?? 'is no id'}.`);
}

/** @throws HeraldError BAD_USER_INPUT that names the field. */
export function rulesOf(
  input: Omit<AccountInput, 'id' | 'provider' | 'config'>,
  former: AccountRules | undefined,
  definition: Pick<ProviderDefinitionRecord, 'name' | 'channels'>,
): AccountRules {
  const channels = kept(input.channels, former?.channels);
  const apps = kept(input.apps, former?.apps);
  const ratePerSecond = kept(input.ratePerSecond, former?.ratePerSecond);
  const dailyQuota = kept(input.dailyQuota, former?.dailyQuota);
  const allowedHours = kept(input.allowedHours, former?.allowedHours);
  const rules: AccountRules = {
    order: kept(input.order, former?.order) ?? DEFAULTS.order,
    weight: kept(input.weight, former?.weight) ?? DEFAULTS.weight,
    enabled: kept(input.enabled, former?.enabled) ?? DEFAULTS.enabled,
    ...(channels && { channels: [...new Set(channels)] }),
    ...(apps && { apps: [...new Set(apps)] }),
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(dailyQuota !== undefined && { dailyQuota }),
    ...(allowedHours && { allowedHours }),
  };
  within('order', rules.order, 0, 1_000);
  within('weight', rules.weight, 1, 1_000);
  if (ratePerSecond !== undefined) within('ratePerSecond', ratePerSecond, 0.01, 100_000);
  if (dailyQuota !== undefined) within('dailyQuota', dailyQuota, 1, 2_147_483_647);
  checkChannels(rules.channels, definition);
  if (rules.apps && (rules.apps.length === 0 || rules.apps.length > MAX_APPS))
    throw badInput('input.apps', `Name 1 to ${MAX_APPS} apps, or leave it out for all.`);
  if (allowedHours) checkHours(allowedHours);
  return rules;
}

/** What was given, or else what was there. */
const kept = <T>(given: T | null | undefined, former: T | undefined): T | undefined =>
  given === undefined ? former : (given ?? undefined);

function within(field: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw badInput(`input.${field}`, `It must be ${least} to ${most}; it is ${value}.`);
}

function checkChannels(
  channels: readonly Channel[] | undefined,
  { name, channels: able }: Pick<ProviderDefinitionRecord, 'name' | 'channels'>,
): void {
  if (!channels) return;
  if (channels.length === 0) throw badInput('input.channels', 'Name at least one, or leave it out for all.');
  const other = channels.findIndex((channel) => !able.includes(channel));
  if (other >= 0)
    throw badInput(
      `input.channels.${other}`,
      `${name} does not serve ${channels[other]}; it serves ${able.join(', ')}.`,
    );
}

function checkHours({ from, to, timezone }: AllowedHours): void {
  for (const [field, time] of Object.entries({ from, to }))
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(time))
      throw badInput(`input.allowedHours.${field}`, `It must be a time like 08:30; it is "${time}".`);
  if (from === to)
    throw badInput('input.allowedHours.to', 'It must differ from `from`; leave the hours out for all day.');
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw badInput(
      'input.allowedHours.timezone',
      `There is no time zone "${timezone}"; they are called like Europe/Berlin.`,
    );
  }
}

/** What there was of an account before, for a change of its configuration. */
export interface FormerConfig {
  readonly plain: AccountConfig;
  /** The secrets that there are. */
  readonly secrets: readonly string[];
  /** Opens one. @throws Error when no key opens it. */
  open(field: string): unknown;
}

/**
 * The configuration with its secrets in the open: as given, and secrets that were not given as they were.
 * @param root whether the operator may set what concerns the whole installation.
 * @throws HeraldError BAD_USER_INPUT that names the field; FORBIDDEN.
 */
export function configOf(
  given: unknown,
  former: FormerConfig | undefined,
  definition: ProviderDefinitionRecord,
  root: boolean,
): AccountConfig {
  const { secretFields, installationFields, destinationFields, name } = definition;
  if (given !== undefined && !isObject(given)) throw badInput('input.config', 'It must be an object.');
  const changes = given ?? former?.plain ?? {};
  const differs = (field: string) =>
    JSON.stringify(changes[field] ?? null) !== JSON.stringify(former?.plain[field] ?? null);
  const forbiddenField = installationFields.find(differs);
  if (forbiddenField !== undefined && !root)
    throw forbidden(`Only operators of the first workspace may set "${forbiddenField}" of ${name}.`);
  const config: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(changes)) if (value !== null) config[field] = value;
  const moved = destinationFields.find(differs);
  for (const field of former?.secrets ?? []) {
    if (field in changes) continue;
    // A secret must not go to an address that whoever gave it did not mean.
    if (moved !== undefined)
      throw badInput(
        `input.config.${field}`,
        `Give it again: "${moved}" says where it is sent, and changes.`,
      );
    try {
      config[field] = former?.open(field);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw badInput(`input.config.${field}`, `Give it again: ${error.message}.`);
    }
  }
  const problem = configProblem(config, definition);
  if (problem) {
    const field = ['input.config', problem.path].filter(Boolean).join('.');
    const isSecret = secretFields.includes(problem.path.split('.')[0] ?? '');
    throw badInput(
      field,
      isSecret && !(problem.path in config) ? `${problem.message} It is a secret.` : problem.message,
    );
  }
  return config;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
