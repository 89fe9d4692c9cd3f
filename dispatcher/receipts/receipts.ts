/** Takes the receipts in one request of a provider, or that it learned of by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedDate } from '../../platform/clock/shared-clock.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { NotificationsStore, ReceiptResult } from '../../subgraphs/notifications/index.ts';
import type { UsersService } from '../../subgraphs/users/index.ts';
import type { RawReceipt, Receipt, ReceiptAnswer } from '../channels/contract.ts';
import type { ProviderSet } from '../channels/registry.ts';
import { consequenceOf, suppressAddressOf, withdrawConsentOf } from '../consent/stop-sending.ts';
import { receiptsRefusedTotal, receiptsTotal } from './receipt-metrics.ts';

/** A receipt can be quicker than the record of its attempt: it is looked at again after these times. */
const LOOK_AGAIN_MS = [300, 1_500, 3_000];
const TIMEOUT_MS = 10_000;
const NO_CONTENT: ReceiptAnswer = { status: 204 };

export interface ReceiptsDeps {
  readonly providers: Pick<ProviderSet, 'account'>;
  readonly store: Pick<NotificationsStore['receipts'], 'take' | 'close'>;
  readonly users: Pick<UsersService, 'suppress' | 'withdrawConsent' | 'seen' | 'engaged'>;
  readonly log: Logger;
  /** See `LOOK_AGAIN_MS`; shorter for tests. */
  readonly lookAgainMs?: readonly number[];
}

/**
 * @param account id of the provider account that the request came for.
 * @returns what the provider is answered. @throws what the stores throw: the provider tells it again, and what a
 * receipt leads to is done then.
 */
export async function takeReceipts(
  account: string,
  raw: RawReceipt,
  deps: ReceiptsDeps,
): Promise<ReceiptAnswer> {
  const { providers, log } = deps;
  const provider = providers.account(account)?.provider;
  if (!provider?.parseReceipts) return { status: 404, body: `No account ${account} takes receipts.` };
  const parsed = await provider.parseReceipts(raw, AbortSignal.timeout(TIMEOUT_MS));
  if (parsed.kind !== 'receipts') {
    receiptsRefusedTotal.inc({ account, reason: parsed.kind });
    log.warn({ account, reason: parsed.message }, `receipt refused: ${parsed.kind}`);
    return { status: parsed.kind === 'unauthorized' ? 401 : 400, body: parsed.message };
  }
  await storeReceipts(account, parsed.receipts, deps);
  return parsed.answer ?? NO_CONTENT;
}

/**
 * @param account key of the provider account that tells of them.
 * @throws what the stores throw: they are to be told again, and what they lead to is done then.
 */
export async function storeReceipts(
  account: string,
  receipts: readonly Receipt[],
  deps: Omit<ReceiptsDeps, 'providers'>,
): Promise<void> {
  const { store, log, lookAgainMs = LOOK_AGAIN_MS } = deps;
  let open = receipts;
  for (const waitMs of [0, ...lookAgainMs]) {
    if (open.length === 0) break;
    await sleep(waitMs);
    const results = await store.take(account, open, sharedDate());
    const isLast = waitMs === lookAgainMs.at(-1);
    const taken: Taken[] = [];
    open = open.filter((receipt, index) => {
      const result = results[index] ?? { kind: 'unknown' };
      if (result.kind === 'unknown' && !isLast) return true;
      tell(account, receipt, result, log);
      taken.push({ receipt, result });
      noteSeen(receipt, result, deps);
      if (result.kind === 'applied') deps.users.engaged(result.events);
      return false;
    });
    await followAll(account, taken, deps);
  }
}

interface Taken {
  readonly receipt: Receipt;
  readonly result: ReceiptResult;
}

/** Ends what is sent to those who cannot or will not have it. */
async function followAll(
  account: string,
  taken: readonly Taken[],
  { store, users }: Pick<ReceiptsDeps, 'store' | 'users'>,
): Promise<void> {
  const done: string[] = [];
  try {
    for (const { receipt, result } of taken) {
      const consequence = consequenceOf(receipt.kind);
      if (!consequence || !('delivery' in result) || !result.delivery) continue;
      const { delivery } = result;
      if (consequence.kind === 'suppress')
        await suppressAddressOf(delivery, consequence.reason, account, users);
      else await withdrawConsentOf(delivery, 'receipt', account, users);
      done.push(receipt.key);
    }
  } finally {
    await store.close(account, done);
  }
}

/** Who shows or opens a message is there; a device that took one is, whoever looks at it. */
function noteSeen({ kind }: Receipt, result: ReceiptResult, { users }: Pick<ReceiptsDeps, 'users'>): void {
  if (result.kind === 'unknown' || result.kind === 'repeated' || !result.delivery) return;
  const { workspace, user, device } = result.delivery;
  const sign = signOfLife(kind);
  if (sign === undefined) return;
  const seen = {
    workspace,
    ...(sign === 'user' && user !== undefined && { user }),
    ...(device && { device: device.id }),
  };
  if (seen.user !== undefined || seen.device !== undefined) users.seen(seen);
}

/** Of whom a receipt is a sign of life: of the device, or also of the user. Pure. */
export function signOfLife(kind: Receipt['kind']): 'device' | 'user' | undefined {
  switch (kind) {
    case 'delivered':
      return 'device';
    case 'opened':
    case 'clicked':
    case 'dismissed':
      return 'user';
    default:
      return undefined;
  }
}

function tell(account: string, receipt: Receipt, result: ReceiptResult, log: Logger): void {
  receiptsTotal.inc({ account, kind: receipt.kind, result: result.kind });
  const { kind, providerMessageId, message } = receipt;
  const fields = { account, kind, providerMessageId, result: result.kind, reason: message };
  if ('delivery' in result && result.delivery) {
    const { _id, notification, workspace } = result.delivery;
    log.debug({ ...fields, workspace, notification, delivery: _id }, 'receipt');
  } else log.debug(fields, 'receipt');
}
