/** All providers, and which of them serves which channel. */
import { providerAccounts } from '../../platform/config/provider-accounts.ts';
import { type Settings, SettingsError } from '../../platform/config/settings.ts';
import { messageOf } from '../../platform/errors/message-of.ts';
import { aliyunSms } from './aliyun-sms/provider.ts';
import { apns } from './apns/provider.ts';
import { awsSes } from './aws-ses/provider.ts';
import { awsSns } from './aws-sns/provider.ts';
import { consoleLog } from './console/provider.ts';
import type {
  Provider,
  ProviderChannel,
  ProviderDefinition,
  ProviderDeps,
  SharedValues,
} from './contract.ts';
import { dingtalk } from './dingtalk/provider.ts';
import { fcm } from './fcm/provider.ts';
import { file } from './file/provider.ts';
import { mailgun } from './mailgun/provider.ts';
import { mandrill } from './mandrill/provider.ts';
import { qq } from './qq/provider.ts';
import { sandbox } from './sandbox/provider.ts';
import { sendgrid } from './sendgrid/provider.ts';
import { slack } from './slack/provider.ts';
import { smpp } from './smpp/provider.ts';
import { smtp } from './smtp/provider.ts';
import { telegram } from './telegram/provider.ts';
import { twilio } from './twilio/provider.ts';
import { vonage } from './vonage/provider.ts';
import { webPush } from './web-push/provider.ts';
import { webhook } from './webhook/provider.ts';
import { wechat } from './wechat/provider.ts';
import { wecom } from './wecom/provider.ts';
import { whatsappCloud } from './whatsapp-cloud/provider.ts';

/** One line a provider. Of several for one channel, the first that is configured serves it. */
export const PROVIDERS: readonly ProviderDefinition[] = [
  smtp,
  webPush,
  webhook,
  telegram,
  slack,
  whatsappCloud,
  consoleLog,
  file,
  dingtalk,
  wecom,
  wechat,
  aliyunSms,
  twilio,
  vonage,
  awsSns,
  sendgrid,
  awsSes,
  fcm,
  apns,
  qq,
  smpp,
  mailgun,
  mandrill,
];

/** Serves the channels that no provider in `PROVIDERS` serves, where it is on. */
export const FALLBACK: ProviderDefinition = sandbox;

export interface ConfiguredProvider {
  /** Of the account, as `Delivery.provider` shows it. */
  readonly id: string;
  /** The one name of an account of a workspace (`providerAccountKey`); those of the settings have their id alone. */
  readonly key?: string;
  /** The sandbox: it serves those who have no account of their own. */
  readonly standsIn?: true;
  readonly provider: Provider;
  readonly definition: ProviderDefinition;
  /** As it was given, of an account of the settings. */
  readonly config?: unknown;
}

export interface ProviderSet {
  /** The accounts of a channel, in the order of preference; none when none is configured and the sandbox is off. */
  accountsFor(channel: ProviderChannel): readonly ConfiguredProvider[];
  /** An account by its id. */
  account(id: string): ConfiguredProvider | undefined;
  /** The first account's id for each channel that has one. */
  describe(): Readonly<Partial<Record<ProviderChannel, string>>>;
  /** Lets go of all connections. Attempts under way end first. */
  close(): Promise<void>;
}

/** What accounts are given; `sharedOf`: what the workers of one account share. */
export type AccountDeps = Omit<ProviderDeps, 'account' | 'shared'> & {
  sharedOf(account: string): SharedValues;
};

/** Herald's settings, or in tests some of them. */
export type ProviderSettings = Readonly<Partial<Settings>> | Readonly<Record<string, unknown>>;

/**
 * Creates every provider account that the settings configure: those with settings of their own, then those of
 * PROVIDER_ACCOUNTS.
 *
 * @param options `sandbox`: whether it stands in for the other channels.
 * @throws SettingsError for settings that configure a provider wrongly; names each of them.
 */
export async function createProviders(
  settings: ProviderSettings,
  deps: AccountDeps,
  options: { readonly sandbox: boolean },
): Promise<ProviderSet> {
  const accounts = accountsOf(settings);
  const problems: string[] = [...unknownProviders(settings, accounts), ...repeated(accounts)];
  const configured: CreatedProvider[] = [];
  for (const account of accounts) {
    const definition = PROVIDERS.find(({ id }) => id === account.provider);
    if (!definition) {
      problems.push(
        `PROVIDER_ACCOUNTS: there is no provider "${account.provider}"; there are ${PROVIDERS.map(({ id }) => id).join(', ')}`,
      );
      continue;
    }
    const created = await createAccount(definition, account, deps);
    if ('provider' in created) configured.push({ ...created, config: account.config });
    else problems.push(...created.problems);
  }
  if (problems.length > 0) {
    for (const { provider } of configured) void provider.close?.();
    throw new SettingsError(problems);
  }
  if (options.sandbox) {
    const created = await createAccount(FALLBACK, { id: FALLBACK.id, config: {} }, deps);
    if ('provider' in created) configured.push({ ...created, standsIn: true });
  }
  const byChannel = new Map<ProviderChannel, ConfiguredProvider[]>();
  for (const entry of configured)
    for (const channel of entry.channels) {
      const own = byChannel.get(channel) ?? [];
      // The sandbox stands in for a channel; it does not take over from a provider that fails.
      if (own.length > 0 && entry.definition === FALLBACK) continue;
      byChannel.set(channel, [...own, entry]);
    }

  return {
    accountsFor: (channel) => byChannel.get(channel) ?? [],
    account: (id) => configured.find((entry) => entry.id === id),
    describe: () =>
      Object.fromEntries(
        [...byChannel].flatMap(([channel, [first]]) => (first ? [[channel, first.id]] : [])),
      ),
    close: async () => {
      await Promise.all(configured.map(({ provider }) => provider.close?.()));
    },
  };
}

/** With the channels that the account serves. */
interface CreatedProvider extends ConfiguredProvider {
  readonly channels: readonly ProviderChannel[];
}

interface Account {
  readonly id: string;
  /** See `ConfiguredProvider.key`. */
  readonly key?: string;
  /** What the account's workers share goes by it; the key or id without. */
  readonly shareAs?: string;
  readonly config: unknown;
  /** The setting that a field of the configuration comes from, for errors. */
  settingOf?(field: string): string | undefined;
}

function accountsOf(settings: ProviderSettings): (Account & { readonly provider: string })[] {
  const own = PROVIDERS.flatMap(({ id, settings: names, fromSettings }) => {
    const config = fromSettings?.(settings);
    return config === undefined
      ? []
      : [{ id, provider: id, config, settingOf: (field: string) => names?.[field] }];
  });
  const listed = providerAccounts.parse(settings.PROVIDER_ACCOUNTS).map(({ id, provider, config }) => ({
    id: id ?? provider,
    provider,
    config,
  }));
  return [...own, ...listed];
}

const repeated = (accounts: readonly Account[]): string[] =>
  accounts
    .filter(({ id }, index) => accounts.findIndex((other) => other.id === id) < index)
    .map(({ id }) => `PROVIDER_ACCOUNTS: "${id}" is there already: give the account an id of its own`);

/** Limits of accounts that there are not: most likely misspelt. */
function unknownProviders(settings: ProviderSettings, accounts: readonly Account[]): string[] {
  const known = [...new Set([...PROVIDERS, ...accounts, FALLBACK].map(({ id }) => id))];
  return (['PROVIDER_RATES', 'PROVIDER_DAILY_QUOTAS'] as const).flatMap((name) =>
    Object.keys(settings[name] ?? {})
      .filter((id) => !known.includes(id))
      .map((id) => `${name}: there is no provider "${id}"; there are ${known.join(', ')}`),
  );
}

/** Creates the provider of an account; `problems`: what is wrong with its configuration, one sentence each. */
export async function createAccount(
  definition: ProviderDefinition,
  { id, key, shareAs = key ?? id, config, settingOf = () => undefined }: Account,
  { sharedOf, ...deps }: AccountDeps,
): Promise<CreatedProvider | { readonly problems: readonly string[] }> {
  const parsed = definition.config.safeParse(config);
  if (!parsed.success)
    return {
      problems: parsed.error.issues.map((issue) => {
        const field = issue.path.join('.');
        return `${settingOf(String(issue.path[0] ?? '')) ?? `PROVIDER_ACCOUNTS ${[id, field].filter(Boolean).join('.')}`}: ${issue.message}`;
      }),
    };
  try {
    return {
      id,
      ...(key !== undefined && { key }),
      provider: await definition.create(parsed.data, {
        ...deps,
        account: key ?? id,
        shared: sharedOf(shareAs),
      }),
      definition,
      channels: definition.serves?.(parsed.data) ?? definition.channels,
    };
  } catch (error) {
    return { problems: [`${definition.name} (${id}) could not be created: ${messageOf(error)}`] };
  }
}
