/** Segments: people for whom a condition holds at the moment when they are asked for. */
import type { Collection } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { judge } from '../../../platform/conditions/condition.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { Recipient, SegmentPage, SegmentPlace } from '../contract.ts';
import { checkSegment, type SegmentInput } from '../input/segment-input.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';
import { userVariables } from '../variables/user-variables.ts';
import { SegmentCache } from './segment-cache.ts';
import type { SegmentDocument } from './segment-record.ts';

/** Users whom a preview looks at, in pages. */
const PREVIEWED = 5_000;
const PREVIEW_PAGE = 500;

/** Who would be in a segment, among the users that were looked at. */
export interface Preview {
  /** Ids of the first ones, ascending. */
  readonly users: readonly string[];
  readonly matching: number;
  readonly scanned: number;
  /** There are no further users. */
  readonly isWhole: boolean;
}

export class Segments {
  readonly #segments: Collection<SegmentDocument>;
  readonly #profiles: Pick<Profiles, 'everybody'>;
  readonly #bus: Pick<InvalidationBus, 'invalidate'>;
  readonly #cache: SegmentCache;
  readonly #log: Logger;

  constructor(deps: {
    readonly segments: Collection<SegmentDocument>;
    readonly profiles: Pick<Profiles, 'everybody'>;
    readonly bus: InvalidationBus;
    readonly log: Logger;
  }) {
    this.#segments = deps.segments;
    this.#profiles = deps.profiles;
    this.#bus = deps.bus;
    this.#cache = new SegmentCache(deps.bus);
    this.#log = deps.log;
  }

  /**
   * Creates or replaces. Takes effect on every process at once.
   * @param by name of the operator.
   * @throws HeraldError BAD_USER_INPUT naming the field (`input.when`).
   */
  async save(workspace: string, input: SegmentInput, by: string): Promise<SegmentDocument> {
    const { id, name, when } = checkSegment(input);
    const key = scopedKey(workspace, id);
    const now = sharedDate();
    const saved = await againWhenRaced(() =>
      this.#segments.findOneAndUpdate(
        { _id: key },
        { $set: { name, when, updatedAt: now }, $setOnInsert: { workspace, id, createdAt: now } },
        { upsert: true, returnDocument: 'after' },
      ),
    ).finally(() => this.#bus.invalidate({ topic: 'segment', key }));
    if (!saved) throw new Error(`Segment "${id}" did not come back after it was written`);
    this.#log.info({ workspace, segment: id, by }, 'segment saved');
    return saved;
  }

  /** @returns whether it was there. */
  async remove(workspace: string, id: string, by: string): Promise<boolean> {
    const key = scopedKey(workspace, id);
    const { deletedCount } = await this.#segments
      .deleteOne({ _id: key })
      .finally(() => this.#bus.invalidate({ topic: 'segment', key }));
    if (deletedCount > 0) this.#log.info({ workspace, segment: id, by }, 'segment deleted');
    return deletedCount > 0;
  }

  async find(workspace: string, id: string): Promise<SegmentDocument | undefined> {
    return (await this.#segments.findOne({ _id: scopedKey(workspace, id) })) ?? undefined;
  }

  /** By id, ascending, after `after`. */
  page(workspace: string, after: string | undefined, limit: number): Promise<SegmentDocument[]> {
    return this.#segments
      .find({ _id: { $gt: scopedKey(workspace, after ?? ''), $lt: `${workspace};` } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
  }

  /** Those of the ids that no segment has. Answers from memory, as a rule. */
  async missing(workspace: string, ids: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(
      [...new Set(ids)].map(async (id) => ((await this.#condition(workspace, id)) === undefined ? [id] : [])),
    );
    return answers.flat();
  }

  /** See `UsersService.segmentMembers`. */
  async members(workspace: string, id: string, from: SegmentPlace, limit: number): Promise<SegmentPage> {
    const when = from.when ?? (await this.#condition(workspace, id));
    if (when === undefined) return { users: [] };
    const { people, after } = await this.#profiles.everybody(workspace, from.after, limit);
    const now = sharedDate();
    return {
      users: people.filter((person) => isIn(when, person, now)).map((person) => person.id),
      ...(after !== undefined && { next: { after, when } }),
    };
  }

  /** @param when has been checked. @param first how many ids. */
  async preview(workspace: string, when: string, first: number): Promise<Preview> {
    const now = sharedDate();
    const users: string[] = [];
    let matching = 0;
    let scanned = 0;
    let from: string | undefined;
    do {
      const { people, after } = await this.#profiles.everybody(workspace, from, PREVIEW_PAGE);
      const found = people.filter((person) => isIn(when, person, now));
      users.push(...found.slice(0, first - users.length).map((person) => person.id));
      matching += found.length;
      scanned += people.length;
      from = after;
    } while (from !== undefined && scanned < PREVIEWED);
    return { users, matching, scanned, isWhole: from === undefined };
  }

  async #condition(workspace: string, id: string): Promise<string | undefined> {
    const key = scopedKey(workspace, id);
    const known = this.#cache.condition(key);
    if (known !== undefined) return known;
    const read = this.#cache.beginRead();
    try {
      const found = await this.#segments.findOne({ _id: key }, { projection: { when: 1 } });
      if (found) this.#cache.keep(read, key, found.when);
      return found?.when;
    } finally {
      read.end();
    }
  }
}

const isIn = (when: string, person: Recipient, now: Date): boolean =>
  judge('user', when, { now, user: userVariables(person) }).holds;
