/**
 * Accepting: everything is checked before anything is written; what is answered is durable. Concurrent sends
 * share one write (grouped commit): a duplicate key fails, or dedupes, only its own caller.
 */

import { Batcher, type BatchResult } from '../../../platform/batching/batcher.ts';
import { isDataServiceError } from '../../../platform/errors/data-service-errors.ts';
import { badInput, conflict, HeraldError, unavailable } from '../../../platform/errors/herald-error.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { newId } from '../../../platform/names/ids.ts';
import { DURABLE } from '../../../platform/storage/mongo.ts';
import type { CompiledTemplate, PublishedRoute, TemplatesService } from '../../templates/index.ts';
import type { UsersService } from '../../users/index.ts';
import type { InlineContent, NotificationRecord, RecipientEntry } from '../contract.ts';
import type { NotificationModels } from '../store/models.ts';
import { directAddressProblem, inputProblem, type SendInput } from './check-input.ts';
import type { PlanEnqueuer } from './plan-enqueuer.ts';
import { requestHash } from './request-hash.ts';

/** Who sends: the app in whose name, in its workspace. */
export interface Sender {
  readonly workspace: string;
  readonly app: string;
  /** Of the request that sends, for the log. */
  readonly requestId?: string;
}
export interface Accepted {
  readonly notification: NotificationRecord;
  readonly deduplicated: boolean;
}

/** If nothing has planned it by then, the sweeper queues it again. */
const FIRST_LOOK_MS = 10_000;
const MAX_GROUP = 1_000;

/** What an input's references stand for. */
interface Resolved {
  readonly route?: PublishedRoute;
  readonly template?: CompiledTemplate;
}

export class AcceptService {
  readonly #models: NotificationModels;
  readonly #users: UsersService;
  readonly #templates: TemplatesService;
  readonly #enqueuer: PlanEnqueuer;
  readonly #log: Logger;
  readonly #commits: Batcher<NotificationRecord, 'written' | 'duplicate'>;

  constructor(deps: {
    models: NotificationModels;
    users: UsersService;
    templates: TemplatesService;
    enqueuer: PlanEnqueuer;
    log: Logger;
  }) {
    this.#models = deps.models;
    this.#users = deps.users;
    this.#templates = deps.templates;
    this.#enqueuer = deps.enqueuer;
    this.#log = deps.log;
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
    const now = new Date();
    const references = await this.#resolveAll(sender.workspace, inputs, paths, now);
    const results: (Accepted | HeraldError | undefined)[] = references.map((r) =>
      r instanceof HeraldError ? r : undefined,
    );
    await this.#repeatsOfRefused(sender, inputs, results);
    const documents: { index: number; doc: NotificationRecord }[] = [];
    references.forEach((resolved, index) => {
      const input = inputs[index];
      if (resolved instanceof HeraldError || !input) return;
      documents.push({ index, doc: toRecord(sender, input, resolved, now) });
    });
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
    if (this.#log.isLevelEnabled('debug'))
      for (const { _id, workspace, app } of fresh)
        this.#log.debug(
          { requestId: sender.requestId, workspace, app, notification: _id },
          'notification accepted',
        );
    if (duplicates.length > 0) await this.#answerDuplicates(duplicates, paths, results);
    return results.map((r) => r ?? new HeraldError('INTERNAL_SERVER_ERROR', 'The send was not decided.'));
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
      if (first && first.requestHash === requestHash(inputs[index]))
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
      else {
        results[index] = { notification: first, deduplicated: true };
        if (!first.planned && first.state === 'ACCEPTED') this.#enqueuer.accepted([first]);
      }
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
      await this.#models.raw.notifications.insertMany(docs as NotificationRecord[], {
        ordered: false,
        ...DURABLE,
      });
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

  async #resolveAll(
    workspace: string,
    inputs: readonly SendInput[],
    paths: readonly string[],
    now: Date,
  ): Promise<(Resolved | HeraldError)[]> {
    const results: (Resolved | HeraldError)[] = [];
    for (const [index, input] of inputs.entries()) {
      const at = paths[index] ?? 'input';
      results.push(inputProblem(input, at, now) ?? (await this.#references(workspace, input, at)));
    }
    const wanted = results.map((result, index) =>
      result instanceof HeraldError ? [] : recipientsOf(inputs[index] ?? {}, result, paths[index] ?? 'input'),
    );
    const users = new Set(wanted.flatMap((own) => own.flatMap((r) => r.user ?? [])));
    const groups = new Set(wanted.flatMap((own) => own.flatMap((r) => r.group ?? [])));
    const [missing, empty] = await Promise.all([
      users.size > 0 ? this.#users.missingUsers(workspace, [...users]) : [],
      groups.size > 0 ? this.#users.emptyGroups(workspace, [...groups]) : [],
    ]);
    if (missing.length === 0 && empty.length === 0) return results;
    const missingUsers = new Set(missing);
    const emptyGroups = new Set(empty);
    return results.map((result, index) => {
      for (const { user, group, field, of } of wanted[index] ?? []) {
        if (user !== undefined && missingUsers.has(user))
          return badInput(field, `There is no user "${user}"${of}. Create it with upsertUsers first.`);
        if (group !== undefined && emptyGroups.has(group))
          return badInput(field, `No user is in the group "${group}"${of}.`);
      }
      return result;
    });
  }

  async #references(workspace: string, input: SendInput, at: string): Promise<Resolved | HeraldError> {
    if (input.content) return {};
    const route =
      input.event != null ? await this.#templates.publishedRoute(workspace, input.event) : undefined;
    if (input.event != null && !route)
      return badInput(
        `${at}.event`,
        `There is no published route for the event "${input.event}". Make one with saveRoute and publishRoute.`,
      );
    if (route && (input.to ?? []).length === 0 && route.recipients.length === 0)
      return badInput(`${at}.to`, `The route of "${route.event}" names no recipients: give at least one.`);
    const wrongAddress = route && routeAddressProblem(route);
    if (wrongAddress !== undefined) return badInput(`${at}.event`, wrongAddress);
    const id = route?.template ?? (input.template as string);
    const template = await this.#templates.publishedTemplate(workspace, id);
    if (!template)
      return badInput(
        route ? `${at}.event` : `${at}.template`,
        `There is no published template "${id}". Publish it with publishTemplate.`,
      );
    const problem = template.dataProblem(input.data ?? {});
    if (problem)
      return badInput(problem.path === '' ? `${at}.data` : `${at}.data.${problem.path}`, problem.message);
    return channelProblem(input, template, at) ?? { template, ...(route && { route }) };
  }
}

/** A person or group that must be there, and the field that names it. */
interface Named {
  readonly user?: string;
  readonly group?: string;
  readonly field: string;
  /** Who named it, where it was not the caller. */
  readonly of: string;
}

/** Templates, where routes live, know nothing of addresses. */
function routeAddressProblem({ event, recipients }: PublishedRoute): string | undefined {
  for (const { channel, address } of recipients) {
    if (channel === undefined || address === undefined) continue;
    const problem = directAddressProblem(channel, address);
    if (problem !== undefined) return `The route of "${event}" names "${address}" on ${channel}: ${problem}`;
  }
  return undefined;
}

function recipientsOf(input: SendInput, { route }: Resolved, at: string): Named[] {
  const named: Named[] = [];
  for (const [position, { user, group }] of (input.to ?? []).entries()) {
    if (user != null) named.push({ user, field: `${at}.to.${position}.user`, of: '' });
    if (group != null) named.push({ group, field: `${at}.to.${position}.group`, of: '' });
  }
  for (const { user, group } of route?.recipients ?? []) {
    const of = `, whom the route of "${route?.event}" names`;
    if (user !== undefined) named.push({ user, field: `${at}.event`, of });
    if (group !== undefined) named.push({ group, field: `${at}.event`, of });
  }
  return named;
}

/** A channel asked for by name must be one that the template has words for. */
function channelProblem(input: SendInput, template: CompiledTemplate, at: string): HeraldError | undefined {
  const offered = template.channels.join(', ');
  for (const [index, channel] of (input.channels ?? []).entries())
    if (!template.channels.includes(channel))
      return badInput(
        `${at}.channels.${index}`,
        `The template "${template.id}" has no content for ${channel}; it offers ${offered}.`,
      );
  for (const [index, entry] of (input.to ?? []).entries())
    if (entry.channel != null && !template.channels.includes(entry.channel))
      return badInput(
        `${at}.to.${index}.channel`,
        `The template "${template.id}" has no content for ${entry.channel}; it offers ${offered}.`,
      );
  return undefined;
}

/** The document of an input whose references are resolved. */
function toRecord(
  sender: Sender,
  input: SendInput,
  { route, template }: Resolved,
  now: Date,
): NotificationRecord {
  const id = newId('ntf', now.getTime());
  const delayed = route && route.delaySeconds > 0 ? new Date(now.getTime() + route.delaySeconds * 1000) : now;
  const dueAt = input.sendAt && input.sendAt > delayed ? input.sendAt : delayed;
  const waits = dueAt > now;
  const category = input.category ?? route?.category ?? template?.category;
  const to = [...(input.to ?? []).map(withoutNulls<RecipientEntry>), ...(route?.recipients ?? [])];
  return {
    _id: id,
    workspace: sender.workspace,
    app: sender.app,
    idem: idemOf(sender, input.idempotencyKey ?? id),
    requestHash: input.idempotencyKey == null ? '' : requestHash(input),
    state: waits ? 'SCHEDULED' : 'ACCEPTED',
    priority: input.priority ?? route?.priority ?? 'MEDIUM',
    ...(route && { event: route.event, routeVersion: route.version }),
    ...(template && { template: template.id }),
    ...(input.content && { content: withoutNulls<InlineContent>(input.content) }),
    to,
    channels: input.channels ?? route?.channels ?? [],
    ...(input.data != null && { data: input.data as Record<string, unknown> }),
    ...(category !== undefined && { category }),
    createdAt: now,
    dueAt,
    ...(input.sendAt && { sendAt: input.sendAt }),
    ...(input.expiresAt && { expiresAt: input.expiresAt }),
    nextAttemptAt: waits ? dueAt : new Date(now.getTime() + FIRST_LOOK_MS),
    planned: false,
    deliveryCount: 0,
  };
}

const idemOf = (sender: Sender, key: string): string => `${sender.workspace}|${sender.app}|${key}`;

const withoutNulls = <T>(value: object): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member != null)) as T;

/** Index → code of each failed document of a bulk write; undefined when the error is not one. */
function writeErrors(error: unknown): Map<number, number> | undefined {
  if (!(error instanceof Error) || !('writeErrors' in error)) return undefined;
  // A write concern error means that even what was inserted may not be durable.
  if (
    'writeConcernErrors' in error &&
    Array.isArray(error.writeConcernErrors) &&
    error.writeConcernErrors.length > 0
  )
    return undefined;
  const list = (Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors]) as {
    index: number;
    code: number;
  }[];
  return list.length > 0 ? new Map(list.map((e) => [e.index, e.code])) : undefined;
}
