/**
 * Every Redis key, channel and queue name. Each starts with a hash tag, so that on Redis Cluster the keys
 * of one queue (or of one user) live in one slot.
 */
import type { Channel, Priority } from '../graphql/contract-enums.ts';

export interface RedisNames {
  /** BullMQ's prefix: all queues of an installation share a slot. */
  readonly queuePrefix: string;
  /** The event log (stream). */
  readonly events: string;
  /** Lock of the one elected instance of a task, for example `sweeper`. */
  lock(task: string): string;
  /** Pub/sub: events of one inbox. */
  inboxChannel(inbox: string): string;
  /** Sorted set: the processes that hold a live inbox of a user; there while the user is online. */
  presence(workspace: string, user: string): string;
  /** Pub/sub: something cached by every process has changed. */
  readonly invalidations: string;
  /** Hash: the token bucket of an app. */
  rateLimit(workspace: string, app: string): string;
  /** Set: notifications that count for what a recipient gets. All of a workspace share a slot. */
  throttle(workspace: string, window: string): string;
  /** Hash: rate and daily quota of a provider account. */
  providerPermits(provider: string): string;
  /** The circuit breaker of a provider account, or of one host behind it. */
  circuit(provider: string, host?: string): string;
  /** Hash: what dispatchers tell of a provider account's health. */
  providerHealth(provider: string): string;
  /** There while a provider account was asked lately whether it is well. */
  providerCheck(provider: string): string;
  /** What dispatchers tell of the provider accounts of the settings. */
  readonly settingsAccounts: string;
  /** How many provider accounts a workspace has tested in this minute. */
  providerTests(workspace: string): string;
  /** A value that all dispatchers share, such as an account's access token. */
  sharedValue(provider: string, name: string): string;
  /** What became of a test of a provider account. */
  providerTest(id: string): string;
  /** The answer to a question what a route would do. */
  explanation(id: string): string;
  /** List: the newest messages that the sandbox of a workspace took. */
  sandbox(workspace: string): string;
}

export const redisNames = (namespace: string): RedisNames => ({
  queuePrefix: `{${namespace}:queues}`,
  events: `{${namespace}:events}`,
  lock: (task) => `{${namespace}:lock:${task}}`,
  inboxChannel: (inbox) => `{${namespace}:inbox:${inbox}}`,
  presence: (workspace, user) => `{${namespace}:presence:${workspace}:${user}}`,
  invalidations: `{${namespace}:invalidations}`,
  rateLimit: (workspace, app) => `{${namespace}:rate:${workspace}:${app}}`,
  throttle: (workspace, window) => `{${namespace}:throttle:${workspace}}:${window}`,
  providerPermits: (provider) => `{${namespace}:flow:${provider}}:permits`,
  circuit: (provider, host) =>
    `{${namespace}:flow:${provider}}:circuit${host === undefined ? '' : `:${host}`}`,
  providerHealth: (provider) => `{${namespace}:flow:${provider}}:health`,
  providerCheck: (provider) => `{${namespace}:flow:${provider}}:check`,
  settingsAccounts: `{${namespace}:settings-accounts}`,
  providerTests: (workspace) => `{${namespace}:provider-tests:${workspace}}`,
  sharedValue: (provider, name) => `{${namespace}:flow:${provider}}:value:${name}`,
  explanation: (id) => `{${namespace}:explanation:${id}}`,
  providerTest: (id) => `{${namespace}:provider-test:${id}}`,
  sandbox: (workspace) => `{${namespace}:sandbox:${workspace}}`,
});

/** The queue of accepted notifications of one priority. */
export const planQueueName = (priority: Priority): string => `plan-${priority.toLowerCase()}`;
/** The queue of deliveries of one channel and priority. */
export const sendQueueName = (channel: Channel, priority: Priority): string =>
  `send-${channel.toLowerCase().replaceAll('_', '-')}-${priority.toLowerCase()}`;

/** The queue of operators' tests of provider accounts. */
export const PROVIDER_TEST_QUEUE = 'provider-tests';
export const EXPLAIN_QUEUE = 'explanations';
