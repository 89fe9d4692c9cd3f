/** A bounded cache that loads what it lacks, once for all who ask at the same time. */
import { LRUCache } from 'lru-cache';
import { within } from '../../../platform/data-services/within.ts';

/** All who ask for a value wait for one load: it may not take for ever. */
const LOAD_MS = 10_000;

export interface LoadingCacheOptions<Value extends object> {
  /** @returns undefined when there is none, which is not cached. */
  load(key: string): Promise<Value | undefined>;
  readonly maxEntries: number;
  /** After this long a value is loaded again. Without: never. */
  readonly maxAgeMs?: number;
  /** Bounds the sum of `weightOf`. */
  readonly maxWeight?: number;
  weightOf?(value: Value): number;
}

export class LoadingCache<Value extends object> {
  readonly #load: (key: string) => Promise<Value | undefined>;
  readonly #values: LRUCache<string, Value>;
  readonly #loading = new Map<string, Promise<Value | undefined>>();

  constructor(options: LoadingCacheOptions<Value>) {
    this.#load = options.load;
    const { weightOf } = options;
    this.#values = new LRUCache<string, Value>({
      max: options.maxEntries,
      ...(options.maxAgeMs !== undefined && { ttl: options.maxAgeMs }),
      ...(options.maxWeight !== undefined &&
        weightOf && { maxSize: options.maxWeight, sizeCalculation: (value) => Math.max(1, weightOf(value)) }),
    });
  }

  /** @throws what `load` throws, NoAnswerError; a failure is not cached. */
  get(key: string): Promise<Value | undefined> {
    const value = this.#values.get(key);
    return value === undefined ? this.#share(key) : Promise.resolve(value);
  }

  /** Forgets one value. A load that began before does not bring the old one back. */
  drop(key: string): void {
    this.#values.delete(key);
    this.#loading.delete(key);
  }

  /** As `drop`, all whose keys begin so. */
  dropPrefix(prefix: string): void {
    for (const keys of [this.#values.keys(), this.#loading.keys()])
      for (const key of [...keys]) if (key.startsWith(prefix)) this.drop(key);
  }

  /** Forgets all. */
  dropAll(): void {
    this.#values.clear();
    this.#loading.clear();
  }

  #share(key: string): Promise<Value | undefined> {
    const underWay = this.#loading.get(key);
    if (underWay) return underWay;
    const loading: Promise<Value | undefined> = within(LOAD_MS, this.#load(key)).then(
      (value) => {
        // Only the load that is still the current one may store what it found: a drop in between has taken it out.
        if (this.#loading.get(key) === loading) {
          this.#loading.delete(key);
          if (value !== undefined) this.#values.set(key, value);
        }
        return value;
      },
      (error: unknown) => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
        throw error;
      },
    );
    this.#loading.set(key, loading);
    return loading;
  }
}
