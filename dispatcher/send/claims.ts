/** What one worker holds: claims deliveries in groups, and renews its claims for as long as it works on them. */
import { randomUUID } from 'node:crypto';
import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import { sharedDate, sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { DeliveryRecord, Outbox } from '../../subgraphs/notifications/index.ts';
import { Leases } from './leases.ts';
import type { JobDelivery } from './put-off.ts';

const MAX_GROUP = 200;

/**
 * A claim ends this long after its worker's last sign of life: then somebody else makes the attempt. Renewed
 * while an attempt takes longer, so that a slow provider is not mistaken for a dead worker.
 */
export const LEASE_MS = 6_000;
const RENEW_MS = 2_000;

export class Claims {
  /** One token per process and channel: what is held under it, another worker cannot write. */
  readonly fence = randomUUID();
  readonly #outbox: Pick<Outbox, 'claim' | 'renew'>;
  readonly #log: Logger;
  readonly #claims: Batcher<JobDelivery, DeliveryRecord | undefined>;
  /** What this process works on: a second job for one of them must not claim it again. */
  readonly #leases = new Leases(LEASE_MS, sharedNow);
  readonly #renewing: NodeJS.Timeout;

  constructor(deps: { outbox: Pick<Outbox, 'claim' | 'renew'>; log: Logger }) {
    this.#outbox = deps.outbox;
    this.#log = deps.log;
    this.#claims = new Batcher((requests) => this.#claim(requests), { maxGroup: MAX_GROUP });
    this.#renewing = setInterval(() => void this.#renew(), RENEW_MS);
  }

  /** @returns undefined where it is not due for this attempt any more, or held by somebody else. @throws what the store throws. */
  claim(delivery: JobDelivery): Promise<DeliveryRecord | undefined> {
    return this.#claims.submit(delivery);
  }

  /** Holds one that is stored as held here. @returns until when it is. */
  hold(id: string): Date {
    const leaseUntil = new Date(sharedNow() + LEASE_MS);
    this.#leases.add(id, performance.now(), leaseUntil);
    return leaseUntil;
  }

  /** Whether nobody else can have it by now. */
  surely(id: string): boolean {
    return this.#leases.surely(id);
  }

  /** Renews it no longer. */
  letGo(id: string): void {
    this.#leases.delete(id);
  }

  close(): void {
    clearInterval(this.#renewing);
  }

  async #renew(): Promise<void> {
    if (this.#leases.size === 0) return;
    const ids = this.#leases.ids();
    const askedAt = performance.now();
    const end = new Date(sharedNow() + LEASE_MS);
    try {
      await this.#outbox.renew(ids, this.fence, end);
      this.#leases.renewed(ids, askedAt, end);
    } catch (error) {
      this.#log.warn({ err: error, held: ids.length }, 'claims not renewed: others may take them over');
    }
  }

  async #claim(requests: readonly JobDelivery[]): Promise<BatchResult<DeliveryRecord | undefined>[]> {
    const askedAt = performance.now();
    const now = sharedDate();
    const leaseUntil = new Date(now.getTime() + LEASE_MS);
    const claimed = new Map<string, DeliveryRecord>();
    for (const attempt of new Set(requests.map((r) => r.attempt))) {
      const ids = new Set(
        requests.filter((r) => r.attempt === attempt && !this.#leases.has(r.id)).map((r) => r.id),
      );
      if (ids.size === 0) continue;
      for (const delivery of await this.#outbox.claim([...ids], attempt, this.fence, now, leaseUntil)) {
        this.#leases.add(delivery._id, askedAt, leaseUntil);
        claimed.set(delivery._id, delivery);
      }
    }
    return requests.map(({ id }) => {
      const value = claimed.get(id);
      claimed.delete(id);
      return { ok: true, value };
    });
  }
}
