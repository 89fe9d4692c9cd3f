/**
 * Sends the test messages that operators ask for: through the account of the workspace as it is stored, enabled or not, or
 * through one of the settings as it is in use.
 */
import { randomUUID } from 'node:crypto';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { providerAccountKey } from '../../platform/names/ids.ts';
import { PROVIDER_TEST_QUEUE } from '../../platform/names/redis-names.ts';
import type { ProviderTestJob } from '../../platform/queues/queues.ts';
import {
  answerTest,
  type ProviderAccountStore,
  type ProviderTestResult,
} from '../../subgraphs/notifications/index.ts';
import { startAnswering } from '../answering-worker.ts';
import type { OutgoingMessage, ProviderChannel, SendOutcome } from '../channels/contract.ts';
import type { ConfiguredProvider, ProviderSet } from '../channels/registry.ts';
import { accountsOf } from '../health/settings-accounts.ts';
import { boundedAttempt } from '../send/bounded-attempt.ts';
import { createStored, type StoredAccountsDeps } from './stored-accounts.ts';

const CONCURRENCY = 4;
/** Whoever asked waits for 30 s. */
const MAX_TIMEOUT_MS = 25_000;

export interface AccountTestsDeps extends Pick<StoredAccountsDeps, 'box' | 'accountDeps' | 'log'> {
  readonly store: Pick<ProviderAccountStore, 'find' | 'configOf'>;
  readonly connections: Pick<Connections, 'redis' | 'names' | 'further'>;
  /** Of the settings. */
  readonly providers: Pick<ProviderSet, 'account' | 'accountsFor'>;
  readonly timeoutMs: number;
}

/** Takes tests from now on. */
export function startAccountTests(deps: AccountTestsDeps): { close(): Promise<void> } {
  const { connections, log } = deps;
  return startAnswering<ProviderTestJob>({
    queue: PROVIDER_TEST_QUEUE,
    concurrency: CONCURRENCY,
    connections,
    log,
    answer: async (job) => answerTest(job.id, await testNow(job, deps), connections),
  });
}

async function testNow(job: ProviderTestJob, deps: AccountTestsDeps): Promise<ProviderTestResult> {
  const { workspace, account } = job;
  if (job.ofSettings) {
    const configured = deps.providers.account(account);
    if (!configured) return refused('This dispatcher has no such account in its settings.');
    return sendTest(job, configured, accountsOf(deps.providers).get(configured) ?? [], deps);
  }
  const record = await deps.store.find(workspace, account);
  if (!record) return refused('The account is not there any more.');
  const made = await createStored(record, providerAccountKey(workspace, account), deps);
  if ('problem' in made) return refused(made.problem);
  try {
    return await sendTest(job, made.provider, made.channels, deps);
  } finally {
    await made.provider.provider.close?.();
  }
}

async function sendTest(
  { workspace, account, to }: ProviderTestJob,
  { provider, definition }: ConfiguredProvider,
  channels: readonly ProviderChannel[],
  deps: AccountTestsDeps,
): Promise<ProviderTestResult> {
  // A browser is more than its address.
  const channel = channels.find((one) => one !== 'WEB_PUSH');
  if (channel === undefined)
    return refused('It serves browsers alone, which only their users have: use sendTest with a user.');
  if (definition.takes && !definition.takes(to)) return refused(`${definition.name} takes no such address.`);
  const started = performance.now();
  const id = `test-${randomUUID()}`;
  const outcome = await boundedAttempt(
    provider,
    testMessage(workspace, channel, to, id, definition.name),
    id,
    Math.min(deps.timeoutMs, MAX_TIMEOUT_MS),
    (breach, error) => tellBreach(deps.log, account, breach, error),
  );
  return resultOf(outcome, Math.round(performance.now() - started));
}

const tellBreach = (log: Logger, account: string, breach: string, error: unknown): void =>
  log.error({ err: error, account, breach }, 'provider broke its contract in a test');

const testMessage = (
  workspace: string,
  channel: ProviderChannel,
  address: string,
  id: string,
  name: string,
): OutgoingMessage => ({
  workspace,
  channel,
  address,
  notification: id,
  delivery: id,
  priority: 'HIGH',
  locale: 'en',
  title: 'Herald test',
  body: `This is a test of ${name}, sent by an operator of Herald.`,
});

const refused = (message: string): ProviderTestResult => ({
  outcome: 'PERMANENT',
  code: 'CHANNEL_MISCONFIGURED',
  message,
  latencyMs: 0,
});

const OUTCOMES: Readonly<Record<SendOutcome['kind'], ProviderTestResult['outcome']>> = {
  accepted: 'ACCEPTED',
  retryable: 'RETRYABLE',
  rateLimited: 'RATE_LIMITED',
  permanent: 'PERMANENT',
  invalidRecipient: 'INVALID_RECIPIENT',
};

function resultOf(outcome: SendOutcome, latencyMs: number): ProviderTestResult {
  const { kind } = outcome;
  if (kind === 'accepted') {
    const { providerMessageId } = outcome;
    return { outcome: 'ACCEPTED', latencyMs, ...(providerMessageId !== undefined && { providerMessageId }) };
  }
  const code = kind === 'rateLimited' ? 'CHANNEL_RATE_LIMITED' : outcome.code;
  return { outcome: OUTCOMES[kind], code, message: outcome.message, latencyMs };
}
