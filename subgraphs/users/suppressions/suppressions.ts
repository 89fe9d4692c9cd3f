/** Addresses that are not written to: kept, asked before each message, listed, and taken back by operators. */
import type { Collection } from 'mongoose';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { normalAddress } from '../addresses/normal-address.ts';
import type { ReadUnderWay } from '../cache/reads-under-way.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';

import { SuppressionCache } from './suppression-cache.ts';
import { mongoFilterOf, type SuppressionFilter } from './suppression-filter.ts';
import {
  type AddressStops,
  type NewSuppression,
  type SuppressionDocument,
  stopsOf,
  suppressionDocument,
  suppressionId,
  suppressionKey,
} from './suppression-record.ts';

/** Addresses in one query. */
const KEYS_PER_QUERY = 1_000;

export interface ChannelAddress {
  readonly channel: Channel;
  readonly address: string;
}

export class Suppressions {
  readonly #collection: Collection<SuppressionDocument>;
  readonly #bus: InvalidationBus;
  readonly #cache: SuppressionCache;

  /** @param collection the driver's: sending asks it. */
  constructor(collection: Collection<SuppressionDocument>, bus: InvalidationBus) {
    this.#collection = collection;
    this.#bus = bus;
    this.#cache = new SuppressionCache(bus);
  }

  /**
   * What was said first of an address stays, except that a complaint counts for more: whoever takes a bounce back
   * must not take back a complaint unseen. Said again, it changes nothing.
   * @returns what is kept now.
   */
  async suppress(entry: NewSuppression): Promise<SuppressionDocument> {
    const { _id, ...fields } = suppressionDocument(entry, new Date());
    try {
      const insert = () =>
        this.#collection.findOneAndUpdate(
          { _id },
          { $setOnInsert: fields },
          { upsert: true, returnDocument: 'after' },
        );
      const kept = await againWhenRaced(insert);
      if (kept && (entry.reason !== 'COMPLAINED' || kept.reason === 'COMPLAINED')) return kept;
      const document = { _id, ...fields };
      await this.#collection.replaceOne({ _id }, fields, { upsert: true });
      return document;
    } finally {
      // Also after a failure: it may have been written.
      await this.#changed(fields.key);
    }
  }

  /** Operators say that the address is good. @returns whether anything was said of it. */
  remove(workspace: string, { channel, address }: ChannelAddress): Promise<boolean> {
    const key = keyOf(workspace, channel, address);
    return this.#remove(key, suppressionId(key, 'address'));
  }

  /** Its owner has consented again. @param category the one that was withdrawn; undefined: that of all. */
  removeConsent(
    workspace: string,
    { channel, address }: ChannelAddress,
    category: string | undefined,
  ): Promise<boolean> {
    const key = keyOf(workspace, channel, address);
    return this.#remove(key, suppressionId(key, category === undefined ? {} : { category }));
  }

  async #remove(key: string, _id: string): Promise<boolean> {
    try {
      return (await this.#collection.deleteOne({ _id })).deletedCount > 0;
    } finally {
      await this.#changed(key);
    }
  }

  /**
   * In the order of `addresses`; undefined where nothing speaks against one. Answers without the store where the
   * workspace has no suppression, and for what was asked lately.
   */
  async stopsOf(
    workspace: string,
    addresses: readonly ChannelAddress[],
  ): Promise<readonly (AddressStops | undefined)[]> {
    if (addresses.length === 0 || this.#cache.hasAny(workspace) === false) return [];
    const keys = addresses.map(({ channel, address }) => keyOf(workspace, channel, address));
    const known = keys.map((key) => this.#cache.stops(key));
    const open = new Set(keys.filter((_, index) => known[index] === undefined));
    if (open.size === 0) return known.map(unlessNothing);
    const found = await this.#read(workspace, [...open]);
    return keys.map((key, index) => unlessNothing(known[index] ?? found.get(key)));
  }

  async #read(workspace: string, keys: readonly string[]): Promise<ReadonlyMap<string, AddressStops>> {
    const read = this.#cache.beginRead();
    try {
      if (!(await this.#hasAny(workspace, read))) return new Map();
      const stops = new Map<string, AddressStops>();
      for (let from = 0; from < keys.length; from += KEYS_PER_QUERY) {
        const part = keys.slice(from, from + KEYS_PER_QUERY);
        const records = await this.#collection
          .find(
            { key: { $in: part } },
            { projection: { _id: 0, key: 1, reason: 1, category: 1 }, batchSize: KEYS_PER_QUERY },
          )
          .toArray();
        for (const [key, all] of Map.groupBy(records, (record) => record.key)) stops.set(key, stopsOf(all));
        for (const key of part) this.#cache.keep(read, key, stops.get(key));
      }
      return stops;
    } finally {
      read.end();
    }
  }

  async #hasAny(workspace: string, read: ReadUnderWay): Promise<boolean> {
    const known = this.#cache.hasAny(workspace);
    if (known !== undefined) return known;
    const one = await this.#collection.findOne({ sortKey: pagesOf(workspace) }, { projection: { _id: 1 } });
    this.#cache.keepHasAny(read, workspace, one !== null);
    return one !== null;
  }

  /** Newest first, after the cursor. */
  page(
    workspace: string,
    filter: SuppressionFilter,
    after: string | undefined,
    limit: number,
  ): Promise<SuppressionDocument[]> {
    return this.#collection
      .find({ ...mongoFilterOf(workspace, filter), sortKey: pagesOf(workspace, after) })
      .sort({ sortKey: -1 })
      .limit(limit)
      .toArray();
  }

  async #changed(key: string): Promise<void> {
    await this.#bus.invalidate({ topic: 'suppression', key });
  }
}

/** The key to go on after a suppression, without its workspace. */
export const suppressionCursor = ({ sortKey, workspace }: SuppressionDocument): string =>
  sortKey.slice(workspace.length + 1);

const pagesOf = (workspace: string, after?: string) => ({
  $gt: `${workspace}|`,
  $lt: after === undefined ? `${workspace}}` : `${workspace}|${after}`,
});

const keyOf = (workspace: string, channel: Channel, address: string): string =>
  suppressionKey(workspace, channel, normalAddress(channel, address));

const unlessNothing = (stops: AddressStops | undefined): AddressStops | undefined =>
  stops && (stops.suppressed || stops.unwanted.length > 0) ? stops : undefined;
