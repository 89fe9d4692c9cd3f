/**
 * Runs the listeners of provider accounts: those who learn of receipts on a connection or from a mailbox of their own.
 * A listener that fails is run again after a growing pause; messages are sent all the same.
 */
import { Batcher } from '../../platform/batching/batcher.ts';
import { messageOf } from '../../platform/errors/message-of.ts';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import { duringTurn, pause, type TurnTimes } from '../../platform/lifecycle/elected-turn.ts';
import { RedisLock } from '../../platform/storage/redis-lock.ts';
import type { ProviderAccountStore } from '../../subgraphs/notifications/index.ts';
import type { StoredAccounts } from '../accounts/stored-accounts.ts';
import { PROVIDER_CHANNELS, type Receipt, type ReceiptListener } from '../channels/contract.ts';
import type { ConfiguredProvider, ProviderSet } from '../channels/registry.ts';
import { receiptListenerFailuresTotal, receiptListening } from './receipt-metrics.ts';
import { type ReceiptsDeps, storeReceipts } from './receipts.ts';

export interface ListenerTimes extends TurnTimes {
  /** Pause after the first failure in a row; twice as long after each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** A listener that does not end within this time after its signal is left to itself. */
  readonly endMs: number;
}
const TIMES: ListenerTimes = {
  everyMs: 5_000,
  lastsMs: 20_000,
  firstPauseMs: 1_000,
  longestPauseMs: 5 * 60_000,
  endMs: 5_000,
};
/** In one transaction. */
const MAX_GROUP = 200;
/** Groups stored at once: one that waits for messages which nobody knows yet does not hold up the others. */
const GROUPS_AT_ONCE = 4;

export interface ReceiptListenersDeps extends Omit<ReceiptsDeps, 'providers'> {
  /** Of the settings. */
  readonly providers: Pick<ProviderSet, 'accountsFor'>;
  /** Of workspaces. */
  readonly stored: Pick<StoredAccounts, 'onChange'>;
  readonly accounts: Pick<ProviderAccountStore, 'tellReceiptsProblem'>;
  readonly connections: Pick<Connections, 'redis' | 'names'>;
  /** Other ones for tests. */
  readonly times?: ListenerTimes;
}

interface Running {
  stop(): Promise<void>;
}

/** Listens for all accounts from now on, those that come later too. */
export function startReceiptListeners(deps: ReceiptListenersDeps): { close(): Promise<void> } {
  const ofSettings = new Set(PROVIDER_CHANNELS.flatMap((channel) => deps.providers.accountsFor(channel)));
  const fixed = [...ofSettings].map((account) => listen(account, async () => undefined, deps));
  const stored = new Map<ConfiguredProvider, Running>();
  const stopping = new Set<Promise<void>>();
  const stop = (running: Running) => {
    const ended = running.stop().finally(() => stopping.delete(ended));
    stopping.add(ended);
  };
  let closed = false;
  deps.stored.onChange((all) => {
    if (closed) return;
    const now = new Set(all.map(({ provider }) => provider));
    for (const [provider, running] of stored)
      if (!now.has(provider)) {
        stored.delete(provider);
        stop(running);
      }
    for (const { provider, record } of all)
      if (!stored.has(provider))
        stored.set(
          provider,
          listen(provider, (problem) => deps.accounts.tellReceiptsProblem(record, problem), deps),
        );
  });
  return {
    async close() {
      closed = true;
      for (const running of [...fixed, ...stored.values()]) stop(running);
      await Promise.all(stopping);
    },
  };
}

function listen(
  account: ConfiguredProvider,
  tellProblem: (problem: string | undefined) => Promise<void>,
  deps: ReceiptListenersDeps,
): Running {
  const { listener } = account.provider;
  if (!listener) return { stop: async () => undefined };
  const { endMs } = deps.times ?? TIMES;
  const stopping = new AbortController();
  receiptListening.set({ account: keyOf(account) }, 0);
  const ended = listenAgainAndAgain(account, listener, tellProblem, stopping.signal, deps).finally(() =>
    receiptListening.set({ account: keyOf(account) }, 0),
  );
  return {
    async stop() {
      stopping.abort();
      const late = new AbortController();
      await Promise.race([ended, pause(endMs, late.signal)]);
      late.abort();
    },
  };
}

async function listenAgainAndAgain(
  account: ConfiguredProvider,
  listener: ReceiptListener,
  tellProblem: (problem: string | undefined) => Promise<void>,
  signal: AbortSignal,
  deps: ReceiptListenersDeps,
): Promise<void> {
  const { log, connections, times = TIMES } = deps;
  const key = keyOf(account);
  const batcher = new Batcher<Receipt, void>(
    async (receipts) => {
      await storeReceipts(key, receipts, deps);
      return receipts.map(() => ({ ok: true, value: undefined }));
    },
    { maxGroup: MAX_GROUP, maxInFlight: GROUPS_AT_ONCE },
  );
  const take = async (receipts: readonly Receipt[]): Promise<void> => {
    const refused = (await batcher.submitAll(receipts)).find((result) => result.status === 'rejected');
    if (refused) throw refused.reason;
  };
  const tell = (problem: string | undefined) =>
    tellProblem(problem).catch((error: unknown) => {
      log.warn({ err: error, account: key }, 'not told whether receipts of the account are heard of');
    });
  let failures = 0;
  const run = async (turn: AbortSignal): Promise<void> => {
    let isReady = false;
    try {
      await listener.run({
        take,
        ready: () => {
          if (isReady) return;
          isReady = true;
          failures = 0;
          receiptListening.set({ account: key }, 1);
          log.info({ account: key }, 'listening for receipts');
          void tell(undefined);
        },
        signal: turn,
      });
    } finally {
      receiptListening.set({ account: key }, 0);
    }
  };
  // What it writes needs no fence: receipts are taken once by their keys, whoever tells of them.
  const lock = new RedisLock(connections.redis, connections.names.lock(`receipts:${key}`), times.lastsMs);
  while (!signal.aborted) {
    try {
      if (listener.by === 'eachProcess') await run(signal);
      else await duringTurn(lock, times, signal, run, log);
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      receiptListenerFailuresTotal.inc({ account: key });
      const problem = messageOf(error);
      log.warn({ account: key, problem, failures }, 'no receipts are heard of: trying again');
      await tell(problem);
    }
    if (signal.aborted) return;
    await pause(pauseMs(failures, times), signal);
  }
}

/** Pure. Also a run that ended by itself is followed by the first pause. */
export const pauseMs = (
  failures: number,
  { firstPauseMs, longestPauseMs }: Pick<ListenerTimes, 'firstPauseMs' | 'longestPauseMs'>,
): number => Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(30, Math.max(0, failures - 1)));

const keyOf = ({ key, id }: ConfiguredProvider): string => key ?? id;
