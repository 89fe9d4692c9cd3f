/**
 * Accepting: everything is checked before anything is written; what is answered is durable. Concurrent sends
 * share one write (grouped commit): a duplicate key fails, or dedupes, only its own caller.
 */

import { Batcher, type BatchResult } from '../../../platform/batching/batcher.ts';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { within } from '../../../platform/data-services/within.ts';
import { isDataServiceError, isUnconfirmedWrite } from '../../../platform/errors/data-service-errors.ts';
import { conflict, HeraldError, unavailable } from '../../../platform/errors/herald-error.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { DURABLE } from '../../../platform/storage/mongo.ts';
import type { TemplatesService } from '../../templates/index.ts';
import type { UsersService } from '../../users/index.ts';
import { keepCancellable } from '../events/cancellable.ts';
import type { Admission } from '../flow/admission.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import type { SendInput } from './check-input.ts';
import { permissionProblem } from './permissions.ts';
import type { PlanEnqueuer } from './plan-enqueuer.ts';
import { ReferenceResolver } from './resolve-references.ts';
import { hashOf, idemOf, priorityOf, type Sender, toRecord } from './to-record.ts';

export interface Accepted {
  readonly notification: NotificationRecord;
  readonly deduplicated: boolean;
}

const MAX_GROUP = 1_000;
/** Callers hear of a store that is away within so long; all other sends wait behind the one that is under way. */
const COMMIT_MS = 10_000;

export class AcceptService {
  readonly #models: NotificationModels;
  readonly #references: ReferenceResolver;
  readonly #enqueuer: PlanEnqueuer;
  readonly #admission: Pick<Admission, 'refusal'> | undefined;
  readonly #log: Logger;
  readonly #cancelByEvent: (record: NotificationRecord) => Promise<unknown>;
  readonly #commits: Batcher<NotificationRecord, 'written' | 'duplicate'>;

  constructor(deps: {
    models: NotificationModels;
    users: UsersService;
    templates: TemplatesService;
    enqueuer: PlanEnqueuer;
    /** Cancels what an event cancels; without it that waits for its planning. */
    cancelByEvent?: (record: NotificationRecord) => Promise<unknown>;
    /** Refuses what the queues have no room for; without it nothing is refused. */
    admission?: Pick<Admission, 'refusal'> | undefined;
    log: Logger;
  }) {
    this.#models = deps.models;
    this.#references = new ReferenceResolver(deps.users, deps.templates);
    this.#enqueuer = deps.enqueuer;
    this.#admission = deps.admission;
    this.#log = deps.log;
    this.#cancelByEvent = deps.cancelByEvent ?? (async () => undefined);
    this.#commits = new Batcher((docs) => this.#write(docs), { maxGroup: MAX_GROUP });
  }

  /**
   * One result per input, in order.
   * @param paths the path of each input, for errors.
   */
  async accept(
    sender: Sender,
    inputs: readonly SendInput[],
    paths: readonly string[],
  ): Promise<(Accepted | HeraldError)[]> {
    const now = sharedDate();
    const references = await this.#references.resolve(sender.workspace, inputs, paths, now);
    const results: (Accepted | HeraldError | undefined)[] = references.map((r, index) =>
      r instanceof HeraldError
        ? r
        : (permissionProblem(sender.may, inputs[index], paths[index] ?? 'input') ??
          this.#admission?.refusal(priorityOf(inputs[index], r))),
    );
    await this.#repeatsOfRefused(sender, inputs, results);
    const documents: { index: number; doc: NotificationRecord }[] = [];
    references.forEach((resolved, index) => {
      const input = inputs[index];
      if (resolved instanceof HeraldError || results[index] || !input) return;
      documents.push({ index, doc: toRecord(sender, input, resolved, now) });
    });
    await this.#keepCancellable(documents, results);
    const settled = await this.#commits.submitAll(documents.map((d) => d.doc));
    const duplicates: { index: number; doc: NotificationRecord }[] = [];
    const fresh: NotificationRecord[] = [];
    settled.forEach((outcome, position) => {
      const entry = documents[position] as { index: number; doc: NotificationRecord };
      if (outcome.status === 'rejected') results[entry.index] = this.#commitFailure(outcome.reason);
      else if (outcome.value === 'duplicate') duplicates.push(entry);
      else {
        fresh.push(entry.doc);
        results[entry.index] = { notification: entry.doc, deduplicated: false };
      }
    });
    this.#enqueuer.accepted(fresh);
    await this.#cancelNow(fresh);
    if (this.#log.isLevelEnabled('debug'))
      for (const { _id, workspace, app } of fresh)
        this.#log.debug(
          { requestId: sender.requestId, workspace, app, notification: _id },
          'notification accepted',
        );
    if (duplicates.length > 0) await this.#answerDuplicates(duplicates, paths, results);
    return results.map((r) => r ?? new HeraldError('INTERNAL_SERVER_ERROR', 'The send was not decided.'));
  }

  /**
   * The notification that `accept` would store, of one input. Nothing is written or queued.
   * @throws HeraldError what `accept` would answer.
   */
  async prepare(sender: Sender, input: SendInput, at: string): Promise<NotificationRecord> {
    const now = sharedDate();
    const [resolved] = await this.#references.resolve(sender.workspace, [input], [at], now);
    if (resolved instanceof HeraldError) throw resolved;
    const refusal = permissionProblem(sender.may, input, at);
    if (refusal) throw refusal;
    return toRecord(sender, input, resolved ?? {}, now);
  }

  /** Where that fails their inputs are not accepted: they could not be cancelled. Costs nothing where nothing can. */
  async #keepCancellable(
    documents: { index: number; doc: NotificationRecord }[],
    results: (Accepted | HeraldError | undefined)[],
  ): Promise<void> {
    const some = documents.filter(({ doc }) => doc.cancelKey !== undefined);
    if (some.length === 0) return;
    try {
      await keepCancellable(
        this.#models,
        some.map(({ doc }) => doc),
      );
    } catch (error) {
      for (const { index } of some) results[index] = this.#commitFailure(error);
      const failed = new Set(some);
      documents.splice(0, documents.length, ...documents.filter((document) => !failed.has(document)));
    }
  }

  /** What these events cancel. What is not done here, is when they are planned. */
  async #cancelNow(records: readonly NotificationRecord[]): Promise<void> {
    for (const record of records)
      if (record.cancels)
        await this.#cancelByEvent(record).catch((error: unknown) => {
          this.#log.warn({ err: error, notification: record._id }, 'not cancelled yet: left to its planning');
        });
  }

  async close(): Promise<void> {
    await this.#commits.drain();
  }

  /**
   * What would be refused today may have been accepted before (its expiry has passed, its template changed):
   * a repeat with the same key and input still gets the first notification.
   */
  async #repeatsOfRefused(
    sender: Sender,
    inputs: readonly SendInput[],
    results: (Accepted | HeraldError | undefined)[],
  ): Promise<void> {
    const keyed = results.flatMap((result, index) => {
      const key = inputs[index]?.idempotencyKey;
      return result !== undefined && key != null ? [{ index, idem: idemOf(sender, key) }] : [];
    });
    if (keyed.length === 0) return;
    const found = await this.#models.notifications
      .find({ idem: { $in: keyed.map((k) => k.idem) } })
      .lean<NotificationRecord[]>();
    const byKey = new Map(found.map((record) => [record.idem, record]));
    for (const { index, idem } of keyed) {
      const first = byKey.get(idem);
      if (first && first.requestHash === hashOf(inputs[index]))
        results[index] = { notification: first, deduplicated: true };
    }
  }

  /** The same key again: the first notification where the request is the same, CONFLICT where it is another. */
  async #answerDuplicates(
    duplicates: readonly { index: number; doc: NotificationRecord }[],
    paths: readonly string[],
    results: (Accepted | HeraldError | undefined)[],
  ): Promise<void> {
    const found = await this.#models.notifications
      .find({ idem: { $in: duplicates.map((d) => d.doc.idem) } })
      .lean<NotificationRecord[]>();
    const byKey = new Map(found.map((record) => [record.idem, record]));
    for (const { index, doc } of duplicates) {
      const first = byKey.get(doc.idem);
      if (!first)
        results[index] = unavailable(
          'The first send with this idempotency key is not visible yet: try again.',
        );
      else if (first.requestHash !== doc.requestHash)
        results[index] = conflict(
          `The idempotency key was used before for another request (notification ${first._id}). Use a new key for a new request.`,
          `${paths[index]}.idempotencyKey`,
        );
      // Not queued again: it is in its queue, or in a worker's hands, or the sweeper brings it back.
      else results[index] = { notification: first, deduplicated: true };
    }
  }

  #commitFailure(reason: unknown): HeraldError {
    if (reason instanceof HeraldError) return reason;
    if (isDataServiceError(reason))
      return unavailable(
        'The send was not accepted: the store does not answer. Try again with the same idempotencyKey.',
        reason,
      );
    this.#log.error({ err: reason }, 'accepting failed');
    return new HeraldError('INTERNAL_SERVER_ERROR', 'The send was not accepted.', { cause: reason });
  }

  /** One durable insert for a group. */
  async #write(docs: readonly NotificationRecord[]): Promise<BatchResult<'written' | 'duplicate'>[]> {
    try {
      const inserted = this.#models.raw.notifications.insertMany(docs as NotificationRecord[], {
        ordered: false,
        ...DURABLE,
      });
      await within(COMMIT_MS, inserted);
      return docs.map(() => ({ ok: true, value: 'written' }));
    } catch (error) {
      const failures = writeErrors(error);
      if (!failures) {
        if (docs.length === 1 || isDataServiceError(error)) throw error;
        // One that cannot be serialised must not fail those that happen to be in its group.
        return await this.#writeEach(docs);
      }
      return docs.map((_, index) => {
        const code = failures.get(index);
        if (code === undefined) return { ok: true, value: 'written' };
        return code === 11000 ? { ok: true, value: 'duplicate' } : { ok: false, error };
      });
    }
  }

  async #writeEach(docs: readonly NotificationRecord[]): Promise<BatchResult<'written' | 'duplicate'>[]> {
    const alone = await Promise.allSettled(docs.map((doc) => this.#write([doc])));
    return alone.map((outcome) =>
      outcome.status === 'rejected'
        ? { ok: false, error: outcome.reason }
        : (outcome.value[0] ?? { ok: false, error: new Error('The write has no result.') }),
    );
  }
}

/** Index → code of each failed document of a bulk write; undefined when the error is not one. */
function writeErrors(error: unknown): Map<number, number> | undefined {
  if (!(error instanceof Error) || !('writeErrors' in error)) return undefined;
  // Not confirmed: even what was inserted may not be durable.
  if (isUnconfirmedWrite(error)) return undefined;
  const list = (Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors]) as {
    index: number;
    code: number;
  }[];
  return list.length > 0 ? new Map(list.map((e) => [e.index, e.code])) : undefined;
}
