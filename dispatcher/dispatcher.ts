/** Puts the dispatcher together: providers, plan and send steps, workers. */
import { Exclusive } from '../platform/batching/exclusive.ts';
import type { Settings } from '../platform/config/settings.ts';
import { type Channel, PRIORITIES } from '../platform/graphql/contract-enums.ts';
import type { Connections } from '../platform/lifecycle/connections.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { PresenceReader } from '../platform/presence/presence-reader.ts';
import { enqueueSends, type QueuedDelivery } from '../platform/queues/enqueue-sends.ts';
import { SENT_CHANNELS } from '../platform/queues/queues.ts';
import { SecretBox } from '../platform/secrets/secret-box.ts';
import { SignedIds } from '../platform/secrets/signed-ids.ts';
import type { NotificationsStore } from '../subgraphs/notifications/index.ts';
import type { TemplatesService } from '../subgraphs/templates/index.ts';
import type { UsersService } from '../subgraphs/users/index.ts';
import type { StoredAccount } from './accounts/account.ts';
import { ChannelAccounts } from './accounts/channel-accounts.ts';
import { ConfiguredChannels } from './accounts/configured-channels.ts';
import type { LiveAccount, StoredAccounts } from './accounts/stored-accounts.ts';
import type { DeliveryTokens } from './channels/contract.ts';
import type { AccountDeps, ProviderSet } from './channels/registry.ts';
import { UnsubscribeLinks } from './consent/unsubscribe-links.ts';
import { startExplanations } from './explain/explanations.ts';
import { type ProviderFlows, providerFlows } from './flow/provider-flows.ts';
import type { SharedCircuits } from './flow/shared-circuits.ts';
import { redisSharedValues } from './flow/shared-values.ts';
import { watchHealth } from './health/watch-health.ts';
import type { Beginners } from './plan/first-attempts.ts';
import { type Enqueue, Planner } from './plan/planner.ts';
import { pushRulesOf } from './plan/push-targets.ts';
import { policyOf } from './send/channel-policies.ts';
import { lookAgainAt } from './send/second-look.ts';
import { Sender } from './send/sender.ts';
import { type Planners, startWorkers } from './workers.ts';

export interface Dispatcher {
  /** What is wrong with its workers or their queues, one sentence each. */
  problems(): readonly string[];
  /** Circuit breakers that are not closed, one sentence each: nothing that keeps this process from its work. */
  notes(): readonly string[];
  /** Finishes the jobs in hand, then lets go of the providers. */
  close(): Promise<void>;
}

/** Hosts of recipients may be many; who looks sees that it is not one. */
const MAX_NOTES = 20;

/** What the providers of accounts are given, over this installation's store. */
export function accountDepsOf(
  { redis, names }: Pick<Connections, 'redis' | 'names'>,
  store: Pick<NotificationsStore, 'sandbox'>,
  box: SecretBox,
  deliveryTokens: DeliveryTokens,
  log: Logger,
): AccountDeps {
  return {
    log,
    sharedOf: (account) => redisSharedValues(redis, box, (name) => names.sharedValue(account, name)),
    now: () => new Date(),
    deliveryTokens,
    keepSandboxMessage: (message, at) =>
      store.sandbox.keep(message.workspace, {
        id: message.delivery,
        at,
        channel: message.channel,
        address: message.address,
        notification: message.notification,
        body: message.body,
        ...(message.title !== undefined && { title: message.title }),
        ...(message.html !== undefined && { html: message.html }),
        ...(message.url !== undefined && { url: message.url }),
      }),
  };
}

/** @param secretKeys HERALD_SECRET_KEY. */
export function deliveryTokensOf(secretKeys: string): DeliveryTokens {
  const ids = new SignedIds('delivery token', secretKeys);
  return { tokenOf: (delivery) => ids.tokenOf(delivery), deliveryOf: (token) => ids.idOf(token) };
}

/** Undefined without a key to sign them. */
export const unsubscribeLinksOf = (settings: Settings): UnsubscribeLinks | undefined =>
  settings.HERALD_SECRET_KEY === undefined
    ? undefined
    : new UnsubscribeLinks(settings.HERALD_SECRET_KEY, settings.HERALD_PUBLIC_URL);

/** The codes of one-time passwords. Without the key that they are encrypted with each of them is an error. */
const codesOf = (
  { HERALD_SECRET_KEY: key }: Settings,
  { codes }: Pick<NotificationsStore, 'codes'>,
): ((otp: string) => Promise<string | undefined>) => {
  const box = key === undefined ? undefined : new SecretBox(key);
  return async (otp) => {
    if (!box) throw new Error('One-time passwords cannot be sent without HERALD_SECRET_KEY.');
    return codes.codeOf(otp, box);
  };
};

export function startDispatcher(deps: {
  settings: Settings;
  connections: Connections;
  store: NotificationsStore;
  users: UsersService;
  templates: TemplatesService;
  /** Of the settings. */
  providers: ProviderSet;
  /** Of workspaces, where there are any; closed with the dispatcher. */
  stored?: StoredAccounts;
  log: Logger;
}): Dispatcher {
  const { settings, connections, store, users, templates, providers, stored, log } = deps;
  const channels = new ConfiguredChannels(
    new Set<Channel>(['IN_APP', ...(Object.keys(providers.describe()) as Channel[])]),
    new Set(SENT_CHANNELS.filter((channel) => providers.accountsFor(channel)[0]?.standsIn)),
  );
  const configured = channels.of.bind(channels);
  const enqueue: Enqueue = async (deliveries: readonly QueuedDelivery[]) => {
    try {
      await enqueueSends(connections.queues, deliveries, settings.DISPATCH_CHUNK_SIZE);
    } catch (error) {
      // They are stored with the time of their next look: the sweeper queues them when Redis is back.
      log.warn({ err: error, deliveries: deliveries.length }, 'deliveries not queued: left to the sweeper');
    }
  };
  const codeOf = codesOf(settings, store);
  const lookAgain = lookAgainAt(users);
  const links = unsubscribeLinksOf(settings);
  const { circuits, flowOf, flowWith } = providerFlows({ settings, connections, log });
  const accountsOf = new Map<Channel, ChannelAccounts>();
  const senders = new Map(
    SENT_CHANNELS.map((channel) => {
      const accounts = new ChannelAccounts(
        providers.accountsFor(channel).map((provider) => ({ provider, flow: flowOf(provider) })),
      );
      accountsOf.set(channel, accounts);
      const sender = new Sender({
        channel,
        outbox: store.outbox,
        users,
        accounts,
        codeOf,
        lookAgain,
        policyOf: policyOf(channel, settings),
        timeoutMs: settings.SEND_TIMEOUT_MS,
        unsubscribeUrlOf: links && ((delivery) => links.urlOf(delivery)),
        enqueue,
        log,
      });
      return [channel, sender] as const;
    }),
  );
  stored?.onChange((all, idle) => {
    channels.replaceStored(all, idle);
    const own = all.map((live) => storedAccountOf(live, flowWith));
    for (const [channel, accounts] of accountsOf) {
      const serves = (account: { readonly channels: readonly Channel[] }) =>
        account.channels.includes(channel);
      accounts.replaceStored(
        own.filter(serves),
        new Set(idle.filter(serves).map(({ record }) => record.workspace)),
      );
    }
  });
  const senderOf = (channel: Channel) => (channel === 'IN_APP' ? undefined : senders.get(channel));
  const beginners: Beginners = {
    room: (channel, priority) => senderOf(channel)?.room(priority) ?? 0,
    begin: (delivery) => {
      const sender = senderOf(delivery.channel);
      if (!sender) throw new Error(`Nothing sends ${delivery.channel}.`);
      return sender.begin(delivery);
    },
  };
  const health = watchHealth({
    settings,
    connections,
    providers,
    live: () => stored?.live ?? [],
    flowOf,
    flowOfLive: (live) => storedAccountOf(live, flowWith).flow,
    circuits,
    log,
  });
  const effects = store.effects({
    queues: connections.queues,
    users,
    templates,
    chunkSize: settings.DISPATCH_CHUNK_SIZE,
  });
  const inboxes = new Exclusive();
  const push = pushRulesOf(settings);
  const { PUSH_UNSEEN_SECONDS: afterSeconds } = settings;
  const unseen = afterSeconds > 0 && {
    presence: new PresenceReader(connections.redis, connections.names, log),
    afterSeconds,
  };
  const planning = { outbox: store.outbox, users, templates, configured, push, ...(unseen && { unseen }) };
  const explanations = startExplanations({ ...planning, rules: store.peekRules, connections, log });
  const planner = () =>
    new Planner({
      ...planning,
      rules: store.rules,
      effects,
      beginners,
      inboxes,
      enqueue,
      log,
    });
  const planners = Object.fromEntries(PRIORITIES.map((priority) => [priority, planner()])) as Planners;
  const workers = startWorkers({
    redis: connections.redis,
    blocking: connections.further('blocking'),
    prefix: connections.names.queuePrefix,
    concurrency: settings.DISPATCH_CONCURRENCY,
    stuckMs: settings.WORKER_STUCK_MS,
    planners,
    senders,
    log,
  });
  log.info({ channels: providers.describe() }, 'dispatcher started');
  return {
    problems: () => workers.problems(),
    notes: () =>
      circuits
        .seen()
        .filter(({ state }) => state !== 'closed')
        .slice(0, MAX_NOTES)
        .map(noteOf),
    close: async () => {
      for (const sender of senders.values()) sender.stopWaiting();
      await explanations.close();
      await workers.close();
      await health.close();
      await Promise.all(Object.values(planners).map((planner) => planner.close()));
      await effects.close();
      await Promise.all([...senders.values()].map((sender) => sender.close()));
      circuits.close();
      await stored?.close();
      await providers.close();
    },
  };
}

/** One flow for as long as the account is as it is. */
const storedFlows = new WeakMap<LiveAccount, StoredAccount & Pick<LiveAccount, 'channels'>>();

function storedAccountOf(
  live: LiveAccount,
  flowWith: ProviderFlows['flowWith'],
): StoredAccount & Pick<LiveAccount, 'channels'> {
  const known = storedFlows.get(live);
  if (known) return known;
  const { record, provider, channels, room } = live;
  const { ratePerSecond, dailyQuota } = record;
  const account = {
    provider,
    channels,
    room,
    rules: record,
    flow: flowWith(provider, {
      ...(ratePerSecond !== undefined && { ratePerSecond }),
      ...(dailyQuota !== undefined && { dailyQuota }),
    }),
  };
  storedFlows.set(live, account);
  return account;
}

function noteOf({ provider, host, state }: ReturnType<SharedCircuits['seen']>[number]): string {
  const who = host === undefined ? provider : `${provider} (${host})`;
  return state === 'paused'
    ? `${who} asked to wait: what goes through it is put off`
    : `${who} is paused because its attempts fail: what goes through it is put off`;
}
