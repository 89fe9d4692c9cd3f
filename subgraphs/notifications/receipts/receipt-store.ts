/**
 * Takes what providers tell of messages later. A receipt is taken once: its key is stored in the transaction that
 * changes its delivery, so that a repeat, or a second process, changes nothing.
 */
import type { ClientSession, Connection } from 'mongoose';
import { Batcher, type BatchResult } from '../../../platform/batching/batcher.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';
import { enterTallies } from '../../../platform/event-log/tally-ledger.ts';
import { accountOfKey } from '../../../platform/names/ids.ts';
import { inTransaction, updateManyApart } from '../../../platform/storage/mongo.ts';
import { ChainFollower, type ChainFollowerDeps } from '../chains/chain-follower.ts';
import { supersedeFailures } from '../chains/supersede-failures.ts';
import { countDeadLetters } from '../dead-letters/dead-letter-metrics.ts';
import { type FailedDelivery, insertDeadLetters } from '../dead-letters/insert-dead-letters.ts';
import { deliveryEvent } from '../outbox/delivery-events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { afterReceipt } from './after-receipt.ts';
import { accountKey, type ReceiptRecord } from './receipt-models.ts';
import type { ReceiptResult, ReceivedReceipt } from './received-receipt.ts';

/** In one transaction; providers may tell of thousands at once, in one request or in as many. */
const MAX_GROUP = 200;
/** They end more than a delivery: what follows is the caller's, and is remembered until it is done. */
const LEADS_FURTHER: ReadonlySet<ReceivedReceipt['kind']> = new Set([
  'bounced',
  'complained',
  'unsubscribed',
]);

interface Told {
  readonly account: string;
  readonly receipt: ReceivedReceipt;
  readonly now: Date;
}

export class ReceiptStore {
  readonly #connection: Connection;
  readonly #models: NotificationModels;
  readonly #events: EventLog;
  readonly #chains: ChainFollower;
  readonly #takes = new Batcher<Told, ReceiptResult>((told) => this.#takeAll(told), { maxGroup: MAX_GROUP });

  constructor(deps: ChainFollowerDeps) {
    this.#chains = new ChainFollower(deps);
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#events = deps.events;
  }

  /**
   * @param account key of the provider account: it can tell only of what went through it.
   * @returns what became of each, in order. @throws what MongoDB throws; what was not taken can be told again.
   */
  async take(account: string, receipts: readonly ReceivedReceipt[], now: Date): Promise<ReceiptResult[]> {
    const told = receipts.map((receipt) => ({ account, receipt, now }));
    return (await this.#takes.submitAll(told)).map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  }

  /** Those of each account in a transaction of their own: one that fails is told again by its provider alone. */
  async #takeAll(told: readonly Told[]): Promise<BatchResult<ReceiptResult>[]> {
    const results = new Map<Told, BatchResult<ReceiptResult>>();
    for (const [account, own] of Map.groupBy(told, (one) => one.account)) {
      try {
        const now = new Date(Math.max(...own.map((one) => one.now.getTime())));
        const receipts = own.map(({ receipt }) => receipt);
        const values = await this.#takeGroup(account, receipts, now);
        own.forEach((one, index) => {
          const value = values[index];
          if (value) results.set(one, { ok: true, value });
        });
      } catch (error) {
        for (const one of own) results.set(one, { ok: false, error });
      }
    }
    return told.flatMap((one) => results.get(one) ?? []);
  }

  /** What the receipts led to besides is done: a repeat leads to nothing. */
  async close(account: string, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await updateManyApart(
      this.#connection,
      this.#models.raw.receipts,
      { _id: { $in: keys.map((key) => accountKey(account, key)) } },
      { $unset: { open: 1 } },
    );
  }

  async #takeGroup(
    account: string,
    receipts: readonly ReceivedReceipt[],
    now: Date,
  ): Promise<ReceiptResult[]> {
    const { results, events, failures } = await inTransaction(this.#connection, (session) =>
      this.#write(account, receipts, now, session),
    );
    countDeadLetters(failures);
    void this.#events.append(events);
    await this.#chains.follow(results.flatMap((r) => (r.kind === 'applied' ? r.delivery : [])));
    return results;
  }

  async #write(account: string, receipts: readonly ReceivedReceipt[], now: Date, session: ClientSession) {
    const known = await this.#knownOf(account, receipts, session);
    const deliveries = await this.#deliveriesOf(account, receipts, session);
    const results: ReceiptResult[] = [];
    const taken = new Map<string, ReceiptRecord>();
    const changed = new Map<string, Partial<DeliveryRecord>>();
    const events: HeraldEvent[] = [];
    const failures: FailedDelivery[] = [];
    for (const receipt of receipts) {
      const _id = accountKey(account, receipt.key);
      const delivery = deliveries.of(receipt);
      if (known.has(_id) || taken.has(_id)) {
        results.push({ kind: 'repeated', ...(delivery && known.get(_id) === true && { delivery }) });
        continue;
      }
      if (!delivery) {
        results.push({ kind: 'unknown' });
        continue;
      }
      const current: DeliveryRecord = { ...delivery, ...changed.get(delivery._id) };
      const after = afterReceipt(current, receipt, now);
      const next: DeliveryRecord = { ...current, ...after.set };
      taken.set(_id, {
        _id,
        at: now,
        kind: receipt.kind,
        delivery: delivery._id,
        ...(LEADS_FURTHER.has(receipt.kind) && { open: true }),
      });
      if (Object.keys(after.set).length > 0)
        changed.set(delivery._id, { ...changed.get(delivery._id), ...after.set });
      const at = receipt.at && receipt.at < now ? receipt.at : now;
      const own = after.events.map((type) => deliveryEvent(type, next, at));
      events.push(...own);
      if (after.failure) failures.push({ delivery: next, ...after.failure, at: now });
      results.push(
        own.length > 0 ? { kind: 'applied', delivery: next, events: own } : { kind: 'noted', delivery: next },
      );
    }
    if (taken.size > 0) await this.#models.raw.receipts.insertMany([...taken.values()], { session });
    if (changed.size > 0)
      await this.#models.raw.deliveries.bulkWrite(
        [...changed].map(([_id, set]) => ({ updateOne: { filter: { _id }, update: { $set: set } } })),
        { session, ordered: true },
      );
    await insertDeadLetters(this.#models, failures, session);
    const touched = results.flatMap((r) => (r.kind === 'applied' ? r.delivery : []));
    await supersedeFailures(this.#models, touched, now, session);
    await enterTallies(this.#connection, events, session);
    return { results, events, failures };
  }

  /** Those that were taken before, and whether they are open. */
  async #knownOf(
    account: string,
    receipts: readonly ReceivedReceipt[],
    session: ClientSession,
  ): Promise<ReadonlyMap<string, boolean>> {
    const found = await this.#models.raw.receipts
      .find(
        { _id: { $in: receipts.map(({ key }) => accountKey(account, key)) } },
        { session, projection: { _id: 1, open: 1 } },
      )
      .toArray();
    return new Map(found.map(({ _id, open }) => [_id, open === true]));
  }

  /** Those that this account was given to send. */
  async #deliveriesOf(account: string, receipts: readonly ReceivedReceipt[], session: ClientSession) {
    const messages = receipts.flatMap(({ providerMessageId: id }) =>
      id === undefined ? [] : [accountKey(account, id)],
    );
    const byMessage = new Map<string, string>();
    if (messages.length > 0)
      for (const { _id, delivery } of await this.#models.raw.providerMessages
        .find({ _id: { $in: messages } }, { session })
        .toArray())
        byMessage.set(_id, delivery);
    const idOf = ({ delivery, providerMessageId }: ReceivedReceipt) =>
      delivery ?? (providerMessageId && byMessage.get(accountKey(account, providerMessageId)));
    const ids = receipts.flatMap((receipt) => idOf(receipt) ?? []);
    const found =
      ids.length === 0
        ? []
        : await this.#models.raw.deliveries.find({ _id: { $in: ids } }, { session }).toArray();
    const byId = new Map(found.filter(wentThrough(account)).map((d) => [d._id, d]));
    return { of: (receipt: ReceivedReceipt) => byId.get(idOf(receipt) ?? '') };
  }
}

/** An account of a workspace can tell of nothing in another one. */
const wentThrough = (key: string) => {
  const { workspace, id } = accountOfKey(key);
  return (delivery: DeliveryRecord): boolean =>
    delivery.provider === id && (workspace === undefined || delivery.workspace === workspace);
};
