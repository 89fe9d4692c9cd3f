/**
 * The send step of one channel: claims deliveries, makes one attempt at each, records what became of it. Claims and
 * records of concurrent jobs are grouped; the attempts themselves run side by side, in slots. What the provider has
 * no room for goes back untried, to come again later.
 */
import { sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type {
  AttemptOutcome,
  DeliveryRecord,
  LookAgain,
  Outbox,
} from '../../subgraphs/notifications/index.ts';
import type { Permit } from '../accounts/account.ts';
import type { ChannelAccounts } from '../accounts/channel-accounts.ts';
import type { ProviderChannel } from '../channels/contract.ts';
import { LONG_WAIT_MS, PATIENCE_MS } from '../flow/patience.ts';
import type { NotNow } from '../flow/provider-flow.ts';
import type { Begun } from '../plan/first-attempts.ts';
import type { Enqueue } from '../plan/planner.ts';
import { Attempts, type AttemptsDeps } from './attempts.ts';
import { Claims } from './claims.ts';
import { Outcomes } from './outcomes.ts';
import { Pauses } from './pauses.ts';
import { type JobDelivery, type Postponement, PutOff } from './put-off.ts';
import { RateTurns } from './rate-turns.ts';
import { droppedTotal, inFlight } from './send-metrics.ts';
import { SendSlots } from './send-slots.ts';

/**
 * A job whose deliveries find no room by the account's rate is kept in hand for so long: the queue behind it stays
 * where it is. Not longer than the sweeper leaves what is due alone.
 */
const IN_HAND_MS = 5_000;
const RATE_LOOK_MS = 250;

export class Sender {
  readonly #channel: ProviderChannel;
  readonly #accounts: ChannelAccounts;
  readonly #codeOf: (otp: string) => Promise<string | undefined>;
  readonly #log: Logger;
  readonly #attempts: Attempts;
  readonly #putOff: PutOff;
  readonly #claims: Claims;
  readonly #outcomes: Outcomes;
  readonly #slots: SendSlots;
  readonly #inFlight: ReturnType<typeof inFlight.labels>;
  readonly #pauses = new Pauses();
  readonly #turns: RateTurns;
  readonly #running = new Set<Promise<void>>();

  constructor(
    deps: Omit<AttemptsDeps, 'providersOf'> & {
      outbox: Outbox;
      accounts: ChannelAccounts;
      /** The code of a one-time password, for as long as it may be sent. */
      codeOf: (otp: string) => Promise<string | undefined>;
      /** Asked of what was planned a while ago; without it that is sent as it was planned. */
      lookAgain?: LookAgain;
      enqueue: Enqueue;
    },
  ) {
    this.#channel = deps.channel;
    this.#accounts = deps.accounts;
    this.#codeOf = deps.codeOf;
    this.#log = deps.log;
    this.#attempts = new Attempts({
      ...deps,
      providersOf: (delivery) => deps.accounts.providersOf(delivery),
    });
    this.#claims = new Claims(deps);
    const { fence } = this.#claims;
    this.#putOff = new PutOff({ ...deps, fence });
    this.#outcomes = new Outcomes({ ...deps, fence });
    this.#turns = new RateTurns(() => deps.accounts.ratePerSecond);
    this.#slots = new SendSlots(deps.accounts.concurrency);
    deps.accounts.onChange(() => this.#slots.resize(deps.accounts.concurrency));
    this.#inFlight = inFlight.labels(deps.channel);
  }

  /** Under which its deliveries are held: one per process and channel. */
  get fence(): string {
    return this.#claims.fence;
  }

  /**
   * Makes attempt number `attempt + 1` at each delivery that is still due for it. Never throws.
   * @param priority of the job's deliveries.
   */
  async send(ids: readonly string[], attempt: number, priority: Priority = 'MEDIUM'): Promise<void> {
    let left = ids.map((id): JobDelivery => ({ id, attempt, priority }));
    const work: Promise<void>[] = [];
    const end = performance.now() + IN_HAND_MS;
    for (;;) {
      const shut = this.#shutForLong(priority);
      if (shut) {
        work.push(...left.map((delivery) => this.#track(this.#postpone(delivery, shut))));
        break;
      }
      const room = this.#turns.room(priority);
      work.push(...left.slice(0, room).map((delivery) => this.#track(this.#sendOne(delivery))));
      left = left.slice(room);
      if (left.length === 0) break;
      if (performance.now() > end || !(await this.#pauses.pause(RATE_LOOK_MS))) {
        work.push(...this.#postponeInTurn(left, priority));
        break;
      }
    }
    for (const result of await Promise.allSettled(work))
      if (result.status === 'rejected') this.#tellFailure(result.reason);
  }

  /** First attempts of this priority that could begin right now. */
  room(priority: Priority): number {
    if (this.#pauses.ended || this.#accounts.shut()) return 0;
    return Math.min(this.#slots.room(priority), this.#turns.room(priority), this.#accounts.free);
  }

  /**
   * Begins the first attempt at a delivery that is not stored yet and that nobody else can have. Where the provider
   * turns out to have no room, there is no outcome: the delivery is put off once it is left here and stored. One that
   * waited for a place is not attempted where somebody else may have it by then.
   */
  begin(delivery: DeliveryRecord): Begun {
    let isOurs = () => true;
    const begun = this.#attemptNow(delivery, () => isOurs());
    this.#track(begun.then(() => undefined)).catch((error: unknown) => this.#tellFailure(error));
    return {
      outcome: begun.then((result) =>
        result !== 'lost' && 'attempt' in result ? result : new Promise<never>(() => undefined),
      ),
      leave: (whenStored) => {
        const leaseUntil = this.#claims.hold(delivery._id);
        let isRefused = false;
        isOurs = () => !isRefused && this.#claims.surely(delivery._id);
        const noted = whenStored.then((stored) => {
          isRefused = !stored;
          return stored;
        });
        this.#track(this.#goOn(delivery, begun, noted)).catch((error: unknown) => this.#tellFailure(error));
        return { kind: 'underWay', fence: this.#claims.fence, leaseUntil };
      },
    };
  }

  /** The process ends: whatever waits in here goes back to the queues, attempts under way go on. */
  stopWaiting(): void {
    this.#slots.close();
    this.#pauses.end();
  }

  /** Once no more jobs come: waits for the attempts under way. */
  async close(): Promise<void> {
    this.stopWaiting();
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
    this.#claims.close();
  }

  #track(work: Promise<void>): Promise<void> {
    this.#running.add(work);
    const done = () => void this.#running.delete(work);
    work.then(done, done);
    return work;
  }

  #tellFailure(error: unknown): void {
    this.#log.error({ err: error }, 'sending failed: the sweeper tries again');
  }

  /** Why nothing can be sent, where that is known to last for longer than one waits here, yet not very long. */
  #shutForLong(priority: Priority): NotNow | undefined {
    const shut = this.#accounts.shut();
    return shut && shut.waitMs > PATIENCE_MS[priority] && shut.waitMs <= LONG_WAIT_MS ? shut : undefined;
  }

  /** Those that found no room in time come back one after the other, as the rate allows. */
  #postponeInTurn(deliveries: readonly JobDelivery[], priority: Priority): Promise<void>[] {
    return deliveries.map((delivery) =>
      this.#track(this.#postpone(delivery, { waitMs: this.#turns.nextMs(priority), why: 'rate' })),
    );
  }

  async #sendOne(delivery: JobDelivery): Promise<void> {
    const { priority } = delivery;
    await this.#turns.inHand(priority, async () => {
      // The slot and the permit come before the claim, so that a claim's lease runs only while its attempt does.
      const slot = this.#slots.take(priority);
      if (slot === true || (await slot)) await this.#inSlot(priority, () => this.#claimAndSend(delivery));
      else await this.#postpone(delivery, { waitMs: 0, why: 'closing' });
    });
  }

  /** With a slot, which is released afterwards. */
  async #inSlot<T>(priority: Priority, work: () => Promise<T>): Promise<T> {
    this.#inFlight.inc();
    try {
      return await work();
    } finally {
      this.#inFlight.dec();
      this.#slots.release(priority);
    }
  }

  async #claimAndSend(job: JobDelivery): Promise<void> {
    const shut = this.#shutForLong(job.priority);
    if (shut) return this.#postpone(job, shut);
    const permit = await this.#accounts.permit(job.priority, PATIENCE_MS[job.priority], this.#pauses.pause);
    const refused = 'waitMs' in permit ? permit : undefined;
    if (refused && (refused.waitMs <= LONG_WAIT_MS || this.#pauses.ended))
      return this.#postpone(job, refused);
    let delivery: DeliveryRecord | undefined;
    try {
      delivery = await this.#claims.claim(job);
    } finally {
      if (!delivery && 'account' in permit) this.#accounts.giveBack(permit);
    }
    if (!delivery) return;
    try {
      if ('account' in permit) await this.#sendClaimed(delivery, permit);
      else await this.#defer(delivery, permit);
    } finally {
      this.#claims.letGo(delivery._id);
    }
  }

  /** Claimed, with a slot and a permit. */
  async #sendClaimed(delivery: DeliveryRecord, permit: Permit): Promise<void> {
    const result = await this.#attemptUnless(delivery, permit, PATIENCE_MS[delivery.priority], () =>
      this.#overdue(delivery),
    );
    if (result === 'lost') return;
    if ('attempt' in result) await this.#outcomes.recordSurely(result);
    else await this.#defer(delivery, result);
  }

  /**
   * With a permit: the attempt, once the circuit lets it through, unless something speaks against it by then. A permit
   * that is not used goes back. A one-time password that has ended is as good as expired.
   */
  async #attemptUnless<Against extends Postponement | 'lost'>(
    delivery: DeliveryRecord,
    permit: Permit,
    patienceMs: number,
    against: () => Against | undefined,
  ): Promise<AttemptOutcome | Postponement | Against> {
    let code: string | undefined;
    if (delivery.otp !== undefined) {
      try {
        code = await this.#codeOf(delivery.otp);
      } finally {
        if (code === undefined) this.#accounts.giveBack(permit);
      }
      if (code === undefined) return { waitMs: 0, why: 'expired' };
    }
    const entry = await this.#accounts.enter(permit, delivery, patienceMs, this.#pauses.pause);
    if ('waitMs' in entry) return entry;
    // Asking can take its time.
    const reason = against();
    if (reason) {
      this.#accounts.giveBack(entry);
      entry.admission?.unused();
      return reason;
    }
    return this.#attempts.make(delivery, entry, code);
  }

  /**
   * Why the attempt must not be made after all. `lost`: the process stood still for so long that another worker may
   * have the delivery. One that has expired comes back at once, and ends there.
   */
  #overdue(delivery: DeliveryRecord): 'lost' | Postponement | undefined {
    const { _id: id } = delivery;
    if (!this.#claims.surely(id)) {
      droppedTotal.inc({ channel: this.#channel, reason: 'lease' });
      this.#log.warn({ delivery: id }, 'claim may have run out before the attempt: let go');
      return 'lost';
    }
    return expired(delivery);
  }

  /** An attempt at a delivery that is not stored yet, if there is room for it at once. */
  async #attemptNow(
    delivery: DeliveryRecord,
    isOurs: () => boolean,
  ): Promise<AttemptOutcome | Postponement | 'lost'> {
    const { priority } = delivery;
    if (this.#turns.room(priority) === 0 || !this.#slots.tryTake(priority)) return { waitMs: 0, why: 'busy' };
    return this.#inSlot(priority, () =>
      this.#turns.inHand(priority, async () => {
        const permit = await this.#accounts.permit(priority, 0, this.#pauses.pause);
        if ('waitMs' in permit) return permit;
        return await this.#attemptUnless(delivery, permit, 0, () =>
          isOurs() ? expired(delivery) : ('lost' as const),
        );
      }),
    );
  }

  /** What has been left here ends as any other: recorded, or put off. Where it was not stored, it is planned again. */
  async #goOn(
    delivery: DeliveryRecord,
    begun: Promise<AttemptOutcome | Postponement | 'lost'>,
    whenStored: Promise<boolean>,
  ): Promise<void> {
    try {
      const [result, stored] = await Promise.all([begun, whenStored]);
      if (!stored) droppedTotal.inc({ channel: this.#channel, reason: 'plan' });
      else if (result === 'lost') droppedTotal.inc({ channel: this.#channel, reason: 'lease' });
      else if ('attempt' in result) await this.#outcomes.recordSurely(result);
      else await this.#defer(delivery, result);
    } finally {
      this.#claims.letGo(delivery._id);
    }
  }

  #postpone(delivery: JobDelivery, postponement: Postponement): Promise<void> {
    return this.#putOff.unclaimed(delivery, this.#unlessClosing(postponement));
  }

  #defer(delivery: DeliveryRecord, postponement: Postponement): Promise<void> {
    return this.#putOff.claimed(delivery, postponement);
  }

  /** What waited for its turn here, another process can take at once. */
  #unlessClosing(postponement: Postponement): Postponement {
    const here = postponement.why === 'rate' && this.#pauses.ended;
    return here ? { waitMs: 0, why: 'closing' } : postponement;
  }
}

const expired = ({ expiresAt }: DeliveryRecord): Postponement | undefined =>
  expiresAt && expiresAt.getTime() <= sharedNow() ? { waitMs: 0, why: 'expired' } : undefined;
