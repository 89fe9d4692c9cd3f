/**
 * Circuit breakers that all workers share: each circuit's state is one key in Redis, changed by compare and set.
 * What this process saw last is kept, so that asking costs nothing; without Redis it goes on alone with that.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { parseCircuit } from '../../platform/provider-health/circuit-record.ts';
import { afterEvent, type Circuit, type CircuitEvent, CLOSED, type Stance, stanceOf } from './circuit.ts';
import type { ProviderSign } from './circuit-outcome.ts';
import { type CircuitSeen, circuitChanges, circuitSources } from './flow-metrics.ts';
import { RedisAbsence } from './redis-absence.ts';

/** What well-being costs: counts of successes are told to Redis so often, and what others did is seen as late. */
const SYNC_MS = 2_000;
const TICK_MS = 500;
/** Circuits in mind; hosts of webhooks may be many. */
const MAX_CIRCUITS = 10_000;
const MAX_RACES = 10;
/** A state that nobody touches is forgotten: longer than any pause. */
const FORGOTTEN_AFTER_MS = 20 * 60_000;

/**
 * KEYS[1] circuit; ARGV[1] the state as it was read (empty: none), ARGV[2] the new one, ARGV[3] life in ms.
 * Returns 1 when it was written, 0 when somebody else was faster.
 */
const SWAP = `
local now = redis.call('GET', KEYS[1])
if (now or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** Which circuit: the provider's own, or that of a host of recipients. */
export interface CircuitName {
  readonly provider: string;
  readonly host?: string;
}

interface Entry {
  readonly name: CircuitName;
  readonly key: string;
  circuit: Circuit;
  /** By this process's monotonic clock; undefined before the first time. */
  syncedAt: number | undefined;
  ok: number;
  failed: number;
  pauseMs: number;
  /** One exchange with Redis at a time. */
  turn: Promise<void>;
  flushing: boolean;
}

export class SharedCircuits {
  readonly #redis: Redis;
  readonly #keyOf: (name: CircuitName) => string;
  readonly #log: Logger;
  readonly #entries: LRUCache<string, Entry>;
  readonly #timer: NodeJS.Timeout;
  readonly #source = () => this.seen();
  readonly #absence = new RedisAbsence();

  /** @param keyOf the Redis key of a circuit. */
  constructor(deps: { redis: Redis; keyOf: (name: CircuitName) => string; log: Logger }) {
    this.#redis = deps.redis;
    this.#keyOf = deps.keyOf;
    this.#log = deps.log;
    this.#entries = new LRUCache<string, Entry>({ max: MAX_CIRCUITS });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
    circuitSources.add(this.#source);
  }

  /** What an attempt may do by all that is known here, without asking. Unknown circuits are taken for closed. */
  peek(name: CircuitName): Stance {
    const entry = this.#entry(name);
    if (entry.syncedAt === undefined || performance.now() - entry.syncedAt > SYNC_MS) void this.#flush(entry);
    return stanceOf(entry.circuit, sharedNow());
  }

  /**
   * Asks for one attempt. Where a probe is due, the first who asks makes it and gets its token; whoever has a token
   * must `report` or `unused` it. Never throws.
   * @param lostAfterMs when a probe counts as lost: longer than an attempt takes.
   */
  async enter(
    name: CircuitName,
    lostAfterMs: number,
  ): Promise<{ readonly probe?: string } | Extract<Stance, { kind: 'wait' }>> {
    const entry = this.#entry(name);
    if (entry.syncedAt === undefined) await this.#exchange(entry, undefined);
    let stance = this.peek(name);
    if (stance.kind === 'probe') {
      const token = randomUUID();
      await this.#exchange(entry, { kind: 'probe', token, lostAfterMs });
      if (entry.circuit.state === 'halfOpen' && entry.circuit.probe === token) return { probe: token };
      stance = stanceOf(entry.circuit, sharedNow());
    }
    if (stance.kind === 'go') return {};
    return stance.kind === 'wait' ? stance : { kind: 'wait', waitMs: 1, why: 'circuit' };
  }

  /**
   * What an attempt told about the provider.
   * @param probe the token that `enter` gave.
   * @returns when it is written, for a probe; nobody need wait. Never throws.
   */
  report(name: CircuitName, { sign, pauseMs, weight = 1 }: ProviderSign, probe?: string): Promise<void> {
    const entry = this.#entry(name);
    if (probe !== undefined) {
      const result = sign === 'none' ? 'unused' : sign;
      return this.#exchange(entry, { kind: 'probed', token: probe, result, pauseMs });
    }
    if (sign === 'ok') entry.ok++;
    else if (sign === 'failed') entry.failed += weight;
    entry.pauseMs = Math.max(entry.pauseMs, pauseMs);
    if (sign === 'failed' || pauseMs > 0) void this.#flush(entry);
    return Promise.resolve();
  }

  /** The probe was not made in the end: somebody else may. */
  unused(name: CircuitName, probe: string): void {
    void this.report(name, { sign: 'none', pauseMs: 0 }, probe);
  }

  /** Looks again: for those who wait for somebody else's probe. Never throws. */
  refresh(name: CircuitName): Promise<void> {
    return this.#exchange(this.#entry(name), undefined);
  }

  /** All circuits that this process has to do with. */
  seen(): (CircuitSeen & { readonly host?: string })[] {
    const now = sharedNow();
    return [...this.#entries.values()].map(({ name, circuit }) => ({
      ...name,
      state: circuit.state === 'closed' && circuit.pausedUntil > now ? 'paused' : circuit.state,
    }));
  }

  /** By provider: hosts of recipients that nothing is sent to now. */
  pausedHosts(): ReadonlyMap<string, number> {
    const now = sharedNow();
    const paused = new Map<string, number>();
    for (const { name, circuit } of this.#entries.values())
      if (name.host !== undefined && stanceOf(circuit, now).kind === 'wait')
        paused.set(name.provider, (paused.get(name.provider) ?? 0) + 1);
    return paused;
  }

  close(): void {
    clearInterval(this.#timer);
    circuitSources.delete(this.#source);
  }

  #entry(name: CircuitName): Entry {
    const key = this.#keyOf(name);
    const known = this.#entries.get(key);
    if (known) return known;
    const entry: Entry = {
      name,
      key,
      circuit: CLOSED,
      syncedAt: undefined,
      ok: 0,
      failed: 0,
      pauseMs: 0,
      turn: Promise.resolve(),
      flushing: false,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #tick(): void {
    for (const entry of this.#entries.values())
      if (entry.ok > 0 && performance.now() - (entry.syncedAt ?? 0) > SYNC_MS) void this.#flush(entry);
  }

  /** Tells what was counted, and sees what others did. Reports that come meanwhile go together afterwards. */
  async #flush(entry: Entry): Promise<void> {
    if (entry.flushing) return;
    entry.flushing = true;
    // The end of this turn: what fails together is told together.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      do {
        const { ok, failed, pauseMs } = entry;
        entry.ok = 0;
        entry.failed = 0;
        entry.pauseMs = 0;
        await this.#exchange(
          entry,
          ok + failed + pauseMs > 0 ? { kind: 'outcomes', ok, failed, pauseMs } : undefined,
        );
      } while (entry.failed > 0 || entry.pauseMs > 0);
    } finally {
      entry.flushing = false;
    }
  }

  #exchange(entry: Entry, event: CircuitEvent | undefined): Promise<void> {
    entry.turn = entry.turn.then(async () => {
      if (this.#absence.now || !(await this.#shared(entry, event)))
        this.#become(
          entry,
          event ? afterEvent(entry.circuit, event, sharedNow(), Math.random()) : entry.circuit,
          true,
        );
      entry.syncedAt = performance.now();
    });
    return entry.turn;
  }

  /** @returns false when Redis does not answer. */
  async #shared(entry: Entry, event: CircuitEvent | undefined): Promise<boolean> {
    try {
      await this.#exchangeNow(entry, event);
      if (this.#absence.answered()) this.#log.info('circuit breakers are shared again');
      return true;
    } catch (error) {
      if (this.#absence.failed())
        this.#log.warn({ err: error }, 'circuit breakers cannot be shared: each process goes by its own');
      return false;
    }
  }

  async #exchangeNow(entry: Entry, event: CircuitEvent | undefined): Promise<void> {
    for (let race = 0; race < MAX_RACES; race++) {
      const raw = await this.#redis.get(entry.key);
      const current = parseCircuit(raw) ?? CLOSED;
      const next = event ? afterEvent(current, event, sharedNow(), Math.random()) : current;
      if (next === current) return this.#become(entry, current, false);
      const written = await this.#redis.eval(
        SWAP,
        1,
        entry.key,
        raw ?? '',
        JSON.stringify(next),
        FORGOTTEN_AFTER_MS,
      );
      if (written === 1) {
        // Told by the one that made the change, as a change of what was there.
        entry.circuit = current;
        return this.#become(entry, next, true);
      }
    }
    throw new Error(`Circuit of ${entry.name.provider} is written by too many at once.`);
  }

  /** @param own whether this process made the change: one of them logs it. */
  #become(entry: Entry, next: Circuit, own: boolean): void {
    const before = entry.circuit;
    entry.circuit = next;
    if (!own) return;
    const now = sharedNow();
    if (next.state !== before.state) {
      circuitChanges.inc({ provider: entry.name.provider, state: next.state });
      const fields = { ...entry.name, from: before.state, to: next.state };
      if (next.state === 'open')
        this.#log.warn(
          { ...fields, pauseMs: Math.max(0, next.until - now), failures: Math.round(before.failed) },
          'provider paused: its attempts fail',
        );
      else if (next.state === 'halfOpen') this.#log.info(fields, 'provider probed');
      else this.#log.info(fields, 'provider is well again');
    }
    if (next.pausedUntil > now && before.pausedUntil <= now)
      this.#log.info({ ...entry.name, pauseMs: next.pausedUntil - now }, 'provider asked to wait');
  }
}
