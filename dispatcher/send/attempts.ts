/** Makes one attempt at a delivery, and decides what follows from it. */
import { sharedDate, sharedNow } from '../../platform/clock/shared-clock.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { AttemptOutcome, DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import type { UsersService } from '../../subgraphs/users/index.ts';
import type { OutgoingMessage, ProviderChannel, SendOutcome } from '../channels/contract.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import type { Admission } from '../flow/provider-flow.ts';
import { boundedAttempt } from './bounded-attempt.ts';
import type { PolicyOf } from './channel-policies.ts';
import { type AttemptCounts, nextAttemptAt, type Verdict, verdict } from './retry-policy.ts';
import { attemptSeconds, attemptsTotal, breachesTotal } from './send-metrics.ts';

export interface AttemptsDeps {
  channel: ProviderChannel;
  users: Pick<UsersService, 'removeDevices'>;
  /** Absent when none serves the channel any more. */
  provider: ConfiguredProvider | undefined;
  policyOf: PolicyOf;
  timeoutMs: number;
  log: Logger;
}

export class Attempts {
  readonly #channel: ProviderChannel;
  readonly #users: AttemptsDeps['users'];
  readonly #provider: ConfiguredProvider | undefined;
  readonly #policyOf: PolicyOf;
  readonly #timeoutMs: number;
  readonly #log: Logger;
  // Looked up once, not by labels for every attempt.
  readonly #count: Readonly<Record<SendOutcome['kind'], ReturnType<typeof attemptsTotal.labels>>>;
  readonly #seconds: ReturnType<typeof attemptSeconds.labels>;

  constructor(deps: AttemptsDeps) {
    this.#channel = deps.channel;
    this.#users = deps.users;
    this.#provider = deps.provider;
    this.#policyOf = deps.policyOf;
    this.#timeoutMs = deps.timeoutMs;
    this.#log = deps.log;
    const provider = deps.provider?.id ?? 'none';
    const count = (outcome: SendOutcome['kind']) => attemptsTotal.labels(deps.channel, provider, outcome);
    this.#count = {
      accepted: count('accepted'),
      retryable: count('retryable'),
      rateLimited: count('rateLimited'),
      permanent: count('permanent'),
      invalidRecipient: count('invalidRecipient'),
    };
    this.#seconds = attemptSeconds.labels(deps.channel, provider);
  }

  /** Never throws, and ends a little after the time-out at the latest. Tells the circuit what came of it. */
  async make(delivery: DeliveryRecord, admission: Admission | undefined): Promise<AttemptOutcome> {
    const at = sharedDate();
    const started = performance.now();
    const provider = this.#provider?.id ?? 'none';
    const labels = { channel: this.#channel, provider };
    const outcome: SendOutcome = this.#provider
      ? await boundedAttempt(
          this.#provider.provider,
          outgoingMessageOf(delivery),
          delivery._id,
          this.#timeoutMs,
          (breach, error) => {
            breachesTotal.inc({ ...labels, breach });
            this.#log.error(
              { err: error, ...this.#fieldsOf(delivery), breach },
              'provider broke its contract: an attempt must end in time, with an outcome',
            );
          },
        )
      : {
          kind: 'permanent',
          code: 'CHANNEL_MISCONFIGURED',
          message: `No provider serves ${delivery.channel} any more.`,
        };
    const tookMs = performance.now() - started;
    admission?.done(outcome);
    this.#count[outcome.kind].inc();
    this.#seconds.observe(tookMs / 1_000);
    const decision = verdict(
      outcome,
      countsWith(delivery, outcome),
      this.#policyOf(delivery.priority),
      this.#provider?.definition.capabilities.idempotent ?? false,
      Math.random(),
    );
    this.#tell(delivery, outcome, decision);
    if (outcome.kind === 'invalidRecipient') await this.#forgetDevice(delivery);
    return {
      delivery,
      attempt: {
        at,
        provider,
        ok: outcome.kind === 'accepted',
        ...(outcome.kind !== 'accepted' && {
          errorCode: outcome.kind === 'rateLimited' ? RATE_LIMITED : outcome.code,
          errorMessage: outcome.message,
        }),
        latencyMs: Math.round(tookMs),
      },
      result: resultOf(delivery, outcome, decision, this.#provider?.provider.parseReceipts !== undefined),
    };
  }

  /** A browser that is gone is not tried again; if that cannot be stored now, its next message finds out again. */
  async #forgetDevice({ workspace, device }: DeliveryRecord): Promise<void> {
    if (!device) return;
    try {
      await this.#users.removeDevices(workspace, [device.id]);
    } catch (error) {
      this.#log.warn({ err: error, device: device.id }, 'dead subscription not removed');
    }
  }

  #fieldsOf(delivery: DeliveryRecord): object {
    return {
      workspace: delivery.workspace,
      notification: delivery.notification,
      delivery: delivery._id,
      channel: delivery.channel,
      provider: this.#provider?.id,
      attempt: delivery.attempt + 1,
    };
  }

  /** What did not go through is logged with its ids; what did is in the timeline. */
  #tell(delivery: DeliveryRecord, outcome: SendOutcome, decision: Verdict): void {
    if (outcome.kind === 'accepted') return;
    const fields = { ...this.#fieldsOf(delivery), outcome: outcome.kind, reason: outcome.message };
    if (decision.kind === 'failed') this.#log.warn(fields, 'delivery failed: a dead letter');
    else this.#log.info(fields, 'delivery will be tried again');
  }
}

const RATE_LIMITED = 'CHANNEL_RATE_LIMITED';

/** Attempts so far and this one. */
function countsWith(delivery: DeliveryRecord, outcome: SendOutcome): AttemptCounts {
  const before = delivery.attempts.filter((a) => a.errorCode === RATE_LIMITED).length;
  const rateLimited = before + (outcome.kind === 'rateLimited' ? 1 : 0);
  return { rateLimited, others: delivery.attempt + 1 - rateLimited };
}

function resultOf(
  delivery: DeliveryRecord,
  outcome: SendOutcome,
  decision: Verdict,
  receipts: boolean,
): AttemptOutcome['result'] {
  switch (decision.kind) {
    case 'retry':
      return {
        kind: 'retry',
        nextAttemptAt: nextAttemptAt(sharedNow(), decision.delayMs, delivery.expiresAt),
      };
    case 'failed':
      return { kind: 'failed' };
    case 'sent':
      return {
        kind: 'sent',
        ...(outcome.kind === 'accepted' &&
          outcome.providerMessageId !== undefined && {
            providerMessageId: outcome.providerMessageId,
            ...(receipts && { receipts }),
          }),
      };
  }
}

function outgoingMessageOf(delivery: DeliveryRecord): OutgoingMessage {
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
