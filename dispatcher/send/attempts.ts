/** Makes one attempt at a delivery, and decides what follows from it. */
import { sharedDate, sharedNow } from '../../platform/clock/shared-clock.ts';
import { messageOf } from '../../platform/errors/message-of.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import {
  type AttemptOutcome,
  type AttemptRecord,
  contentWithCode,
  type DeliveryRecord,
  textWithoutCode,
} from '../../subgraphs/notifications/index.ts';
import type { UsersService } from '../../subgraphs/users/index.ts';
import type { Entry } from '../accounts/account.ts';
import { hasUntried } from '../accounts/choose-account.ts';
import type {
  ChannelErrorCode,
  OutgoingMessage,
  ProviderChannel,
  SendOutcome,
} from '../channels/contract.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import { suppressAddressOf } from '../consent/stop-sending.ts';
import { signOf } from '../flow/circuit-outcome.ts';
import { boundedAttempt } from './bounded-attempt.ts';
import type { PolicyOf } from './channel-policies.ts';
import { type AttemptCounts, nextAttemptAt, type Verdict, verdict } from './retry-policy.ts';
import { attemptSeconds, attemptsTotal, breachesTotal } from './send-metrics.ts';

export interface AttemptsDeps {
  channel: ProviderChannel;
  /** All accounts that a delivery may go through: another one may do what one has failed to. */
  providersOf: (delivery: DeliveryRecord) => readonly ConfiguredProvider[];
  users: Pick<UsersService, 'removeDevices' | 'suppress'>;
  /** Where a recipient ends messages of this kind, for those that have such a link. */
  unsubscribeUrlOf?: ((delivery: DeliveryRecord) => string | undefined) | undefined;
  policyOf: PolicyOf;
  timeoutMs: number;
  log: Logger;
}

export class Attempts {
  readonly #channel: ProviderChannel;
  readonly #users: AttemptsDeps['users'];
  readonly #policyOf: PolicyOf;
  readonly #timeoutMs: number;
  readonly #unsubscribeUrlOf: AttemptsDeps['unsubscribeUrlOf'];
  readonly #log: Logger;
  readonly #providersOf: AttemptsDeps['providersOf'];
  /** By account, looked up once, not by labels for every attempt. */
  readonly #meters = new Map<string, Meters>();

  constructor(deps: AttemptsDeps) {
    this.#channel = deps.channel;
    this.#users = deps.users;
    this.#providersOf = deps.providersOf;
    this.#policyOf = deps.policyOf;
    this.#timeoutMs = deps.timeoutMs;
    this.#unsubscribeUrlOf = deps.unsubscribeUrlOf;
    this.#log = deps.log;
  }

  /**
   * @param code of a one-time password: put into the message, and kept out of what is told of the attempt.
   * Never throws, and ends a little after the time-out at the latest. Tells the circuit what came of it.
   */
  async make(
    delivery: DeliveryRecord,
    { account, admission }: Entry,
    code?: string,
  ): Promise<AttemptOutcome> {
    const at = sharedDate();
    const started = performance.now();
    const configured = account?.provider;
    const provider = configured?.id ?? 'none';
    // As no other account is called.
    const label = configured?.key ?? provider;
    const labels = { channel: this.#channel, provider: label };
    const hidden = (text: string) => (code === undefined ? text : textWithoutCode(text, code));
    const sent: SendOutcome = configured
      ? await boundedAttempt(
          configured.provider,
          outgoingMessageOf(delivery, code, this.#unsubscribeUrlOf?.(delivery)),
          delivery._id,
          this.#timeoutMs,
          (breach, error) => {
            breachesTotal.inc({ ...labels, breach });
            this.#log.error(
              {
                err: code === undefined ? error : hidden(messageOf(error)),
                ...this.#fieldsOf(delivery, provider),
                breach,
              },
              'provider broke its contract: an attempt must end in time, with an outcome',
            );
          },
        )
      : {
          kind: 'permanent',
          code: 'CHANNEL_MISCONFIGURED',
          message:
            this.#providersOf(delivery).length === 0
              ? `No provider account serves ${delivery.channel} any more, or none that can be used.`
              : `No provider account of ${delivery.channel} takes this address.`,
        };
    const outcome: SendOutcome = 'message' in sent ? { ...sent, message: hidden(sent.message) } : sent;
    const tookMs = performance.now() - started;
    admission?.done(outcome);
    const meters = this.#metersOf(label);
    meters.count[outcome.kind].inc();
    meters.seconds.observe(tookMs / 1_000);
    const attempt: AttemptRecord = {
      at,
      provider,
      ok: outcome.kind === 'accepted',
      ...(outcome.kind !== 'accepted' && {
        errorCode: outcome.kind === 'rateLimited' ? RATE_LIMITED : outcome.code,
        errorMessage: outcome.message,
      }),
      latencyMs: Math.round(tookMs),
    };
    const decision = this.#decide(delivery, attempt, outcome, configured);
    this.#tell(delivery, provider, outcome, decision);
    if (outcome.kind === 'invalidRecipient') await this.#forget(delivery, outcome.code, provider);
    return {
      delivery,
      attempt,
      result: resultOf(delivery, outcome, decision, configured),
    };
  }

  /** Where an account fails for reasons of its own, another one that the delivery has not met yet is tried at once. */
  #decide(
    delivery: DeliveryRecord,
    attempt: AttemptRecord,
    outcome: SendOutcome,
    configured: ConfiguredProvider | undefined,
  ): Verdict {
    const decision = verdict(
      outcome,
      countsWith(delivery, outcome),
      this.#policyOf(delivery.priority),
      configured?.definition.capabilities.idempotent ?? false,
      Math.random(),
    );
    if (decision.kind === 'sent' || !isOwnFailure(outcome)) return decision;
    const after = { ...delivery, attempts: [...delivery.attempts, attempt] };
    return hasUntried(this.#providersOf(delivery), after) ? { kind: 'retry', delayMs: 0 } : decision;
  }

  #metersOf(provider: string): Meters {
    const known = this.#meters.get(provider);
    if (known) return known;
    const count = (outcome: SendOutcome['kind']) => attemptsTotal.labels(this.#channel, provider, outcome);
    const meters: Meters = {
      count: {
        accepted: count('accepted'),
        retryable: count('retryable'),
        rateLimited: count('rateLimited'),
        permanent: count('permanent'),
        invalidRecipient: count('invalidRecipient'),
      },
      seconds: attemptSeconds.labels(this.#channel, provider),
    };
    this.#meters.set(provider, meters);
    return meters;
  }

  /** What is gone is not tried again; if that cannot be stored now, its next message finds out again. */
  async #forget(delivery: DeliveryRecord, code: ChannelErrorCode, account: string): Promise<void> {
    const { workspace, device } = delivery;
    try {
      if (device) await this.#users.removeDevices(workspace, [device.id]);
      // An address of a wrong form is a mistake of whoever gave it, and costs no request: nothing is to be spared.
      else if (code === 'CHANNEL_ADDRESS_GONE')
        await suppressAddressOf(delivery, 'INVALID', account, this.#users);
    } catch (error) {
      this.#log.warn({ err: error, ...this.#fieldsOf(delivery, account) }, 'dead address not written down');
    }
  }

  #fieldsOf(delivery: DeliveryRecord, provider: string): object {
    return {
      workspace: delivery.workspace,
      notification: delivery.notification,
      delivery: delivery._id,
      channel: delivery.channel,
      provider,
      attempt: delivery.attempt + 1,
    };
  }

  /** What did not go through is logged with its ids; what did is in the timeline. */
  #tell(delivery: DeliveryRecord, provider: string, outcome: SendOutcome, decision: Verdict): void {
    if (outcome.kind === 'accepted') return;
    const fields = { ...this.#fieldsOf(delivery, provider), outcome: outcome.kind, reason: outcome.message };
    if (decision.kind === 'failed') this.#log.warn(fields, 'delivery failed: a dead letter');
    else this.#log.info(fields, 'delivery will be tried again');
  }
}

const RATE_LIMITED = 'CHANNEL_RATE_LIMITED';

interface Meters {
  readonly count: Readonly<Record<SendOutcome['kind'], ReturnType<typeof attemptsTotal.labels>>>;
  readonly seconds: ReturnType<typeof attemptSeconds.labels>;
}

/** An account that does not work, or asks to wait; surely without having sent: two accounts know nothing of each other. */
const isOwnFailure = (outcome: SendOutcome): boolean =>
  outcome.kind === 'rateLimited' ||
  (signOf(outcome).sign === 'failed' && !(outcome.kind === 'retryable' && outcome.mayHaveSent));

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
  configured: ConfiguredProvider | undefined,
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
            ...((configured?.provider.parseReceipts || configured?.provider.listener) && {
              receipts: true,
              ...(configured.key !== undefined && { accountKey: configured.key }),
            }),
          }),
      };
  }
}

function outgoingMessageOf(
  delivery: DeliveryRecord,
  code: string | undefined,
  unsubscribeUrl: string | undefined,
): OutgoingMessage {
  const stored = delivery.content ?? { body: '', locale: 'default' };
  const content = code === undefined ? stored : contentWithCode(stored, code, delivery.channel);
  return {
    ...content,
    workspace: delivery.workspace,
    channel: delivery.channel as ProviderChannel,
    address: delivery.address ?? '',
    ...(delivery.device?.keys && { pushKeys: delivery.device.keys }),
    notification: delivery.notification,
    delivery: delivery._id,
    ...(delivery.event !== undefined && { event: delivery.event }),
    ...(delivery.category !== undefined && { category: delivery.category }),
    priority: delivery.priority,
    ...(delivery.expiresAt && { expiresAt: delivery.expiresAt }),
    ...(unsubscribeUrl !== undefined && { unsubscribeUrl }),
  };
}
