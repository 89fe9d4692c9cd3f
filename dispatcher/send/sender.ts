/**
 * The send step: claims deliveries, makes one attempt at each, records what became of it. Claims and records of
 * concurrent jobs are grouped; the attempts themselves run side by side.
 */
import { randomUUID } from 'node:crypto';
import { Batcher, type BatchResult } from '../../platform/batching/batcher.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { AttemptOutcome, DeliveryRecord, Outbox } from '../../subgraphs/notifications/index.ts';
import type { UsersService } from '../../subgraphs/users/index.ts';
import type { OutgoingMessage, ProviderChannel, SendOutcome } from '../channels/contract.ts';
import type { ProviderSet } from '../channels/registry.ts';
import type { Enqueue } from '../plan/planner.ts';
import { type RetryPolicy, type Verdict, verdict } from './retry-policy.ts';

const MAX_GROUP = 200;
/** Attempts of one channel that run side by side in one process, where the provider does not say how many. */
const MAX_PARALLEL = 50;

/**
 * A claim ends this long after its worker's last sign of life: then somebody else makes the attempt. Renewed
 * while an attempt takes longer, so that a slow provider is not mistaken for a dead worker.
 */
const LEASE_MS = 8_000;
const RENEW_MS = 2_500;

interface ClaimRequest {
  readonly id: string;
  readonly attempt: number;
}

export class Sender {
  readonly #outbox: Outbox;
  readonly #users: UsersService;
  readonly #providers: ProviderSet;
  readonly #policy: RetryPolicy;
  readonly #timeoutMs: number;
  readonly #enqueue: Enqueue;
  readonly #log: Logger;
  /** One token per process: what this process holds, another one cannot write. */
  readonly #fence = randomUUID();
  readonly #claims: Batcher<ClaimRequest, DeliveryRecord | undefined>;
  readonly #records: Batcher<AttemptOutcome, true>;
  /** Deliveries that this process works on: a second job for one of them must not claim it again. */
  readonly #held = new Set<string>();
  readonly #slots: Slots;
  readonly #renewing: NodeJS.Timeout;

  /** @param deps.parallel attempts side by side: what the channel's provider can take at once. */
  constructor(deps: {
    outbox: Outbox;
    users: UsersService;
    providers: ProviderSet;
    policy: RetryPolicy;
    timeoutMs: number;
    parallel: number | undefined;
    enqueue: Enqueue;
    log: Logger;
  }) {
    this.#outbox = deps.outbox;
    this.#users = deps.users;
    this.#providers = deps.providers;
    this.#policy = deps.policy;
    this.#timeoutMs = deps.timeoutMs;
    this.#enqueue = deps.enqueue;
    this.#log = deps.log;
    this.#slots = new Slots(deps.parallel ?? MAX_PARALLEL);
    this.#claims = new Batcher((requests) => this.#claim(requests), { maxGroup: MAX_GROUP });
    this.#renewing = setInterval(() => void this.#renew(), RENEW_MS);
    this.#records = new Batcher((outcomes) => this.#record(outcomes), { maxGroup: MAX_GROUP });
  }

  /** Makes attempt number `attempt + 1` at each delivery that is still due for it. Never throws. */
  async send(ids: readonly string[], attempt: number): Promise<void> {
    const results = await Promise.allSettled(ids.map((id) => this.#sendOne({ id, attempt })));
    for (const result of results)
      if (result.status === 'rejected')
        this.#log.error({ err: result.reason }, 'sending failed: the sweeper tries again');
  }

  /** Once no more jobs come. */
  close(): void {
    clearInterval(this.#renewing);
  }

  async #renew(): Promise<void> {
    if (this.#held.size === 0) return;
    try {
      await this.#outbox.renew([...this.#held], this.#fence, new Date(Date.now() + LEASE_MS));
    } catch (error) {
      this.#log.warn({ err: error, held: this.#held.size }, 'claims not renewed: others may take them over');
    }
  }

  async #sendOne(request: ClaimRequest): Promise<void> {
    // The slot comes before the claim, so that a claim's lease runs only while its attempt does.
    await this.#slots.run(async () => {
      const delivery = await this.#claims.submit(request);
      if (!delivery) return;
      try {
        await this.#records.submit(await this.#attempt(delivery));
      } finally {
        this.#held.delete(delivery._id);
      }
    });
  }

  async #claim(requests: readonly ClaimRequest[]): Promise<BatchResult<DeliveryRecord | undefined>[]> {
    const now = new Date();
    const leaseUntil = new Date(now.getTime() + LEASE_MS);
    const claimed = new Map<string, DeliveryRecord>();
    for (const attempt of new Set(requests.map((r) => r.attempt))) {
      const ids = new Set(
        requests.filter((r) => r.attempt === attempt && !this.#held.has(r.id)).map((r) => r.id),
      );
      if (ids.size === 0) continue;
      for (const delivery of await this.#outbox.claim([...ids], attempt, this.#fence, now, leaseUntil)) {
        this.#held.add(delivery._id);
        claimed.set(delivery._id, delivery);
      }
    }
    return requests.map(({ id }) => {
      const value = claimed.get(id);
      claimed.delete(id);
      return { ok: true, value };
    });
  }

  async #record(outcomes: readonly AttemptOutcome[]): Promise<BatchResult<true>[]> {
    await this.#enqueue(await this.#outbox.record(outcomes, this.#fence));
    return outcomes.map(() => ({ ok: true, value: true }));
  }

  async #attempt(delivery: DeliveryRecord): Promise<AttemptOutcome> {
    const at = new Date();
    const started = performance.now();
    const chosen = this.#providers.forChannel(delivery.channel as ProviderChannel);
    const outcome: SendOutcome = chosen
      ? await chosen.provider.send(messageOf(delivery), {
          idempotencyKey: delivery._id,
          signal: AbortSignal.timeout(this.#timeoutMs),
        })
      : {
          kind: 'permanent',
          code: 'CHANNEL_MISCONFIGURED',
          message: `No provider serves ${delivery.channel} any more.`,
        };
    const decision = verdict(
      outcome,
      delivery.attempt + 1,
      this.#policy,
      chosen?.definition.capabilities.idempotent ?? false,
      Math.random(),
    );
    this.#tell(delivery, chosen?.id, outcome, decision);
    if (outcome.kind === 'invalidRecipient' && delivery.device)
      await this.#users.removeDevices(delivery.workspace, [delivery.device.id]);
    return {
      delivery,
      attempt: {
        at,
        provider: chosen?.id ?? 'none',
        ok: outcome.kind === 'accepted',
        ...(outcome.kind !== 'accepted' && {
          errorCode: outcome.kind === 'rateLimited' ? 'CHANNEL_RATE_LIMITED' : outcome.code,
          errorMessage: outcome.message,
        }),
        latencyMs: Math.round(performance.now() - started),
      },
      result:
        decision.kind === 'retry'
          ? { kind: 'retry', nextAttemptAt: new Date(Date.now() + decision.delayMs) }
          : decision.kind === 'sent'
            ? {
                kind: 'sent',
                ...(outcome.kind === 'accepted' &&
                  outcome.providerMessageId !== undefined && {
                    providerMessageId: outcome.providerMessageId,
                  }),
              }
            : { kind: 'failed' },
    };
  }

  /** What did not go through is logged with its ids; what did is in the timeline. */
  #tell(
    delivery: DeliveryRecord,
    provider: string | undefined,
    outcome: SendOutcome,
    decision: Verdict,
  ): void {
    if (outcome.kind === 'accepted') return;
    const fields = {
      workspace: delivery.workspace,
      notification: delivery.notification,
      delivery: delivery._id,
      channel: delivery.channel,
      provider,
      attempt: delivery.attempt + 1,
      outcome: outcome.kind,
      reason: outcome.message,
    };
    if (decision.kind === 'failed') this.#log.warn(fields, 'delivery failed: a dead letter');
    else this.#log.info(fields, 'delivery will be tried again');
  }
}

function messageOf(delivery: DeliveryRecord): OutgoingMessage {
  const content = delivery.content ?? { body: '', locale: 'default' };
  return {
    ...content,
    workspace: delivery.workspace,
    channel: delivery.channel as ProviderChannel,
    address: delivery.address ?? '',
    ...(delivery.device && { pushKeys: delivery.device.keys }),
    notification: delivery.notification,
    delivery: delivery._id,
    ...(delivery.event !== undefined && { event: delivery.event }),
    ...(delivery.category !== undefined && { category: delivery.category }),
    priority: delivery.priority,
    ...(delivery.expiresAt && { expiresAt: delivery.expiresAt }),
  };
}

/** At most `size` pieces of work at once; the others wait in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  constructor(size: number) {
    this.#free = size;
  }
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
