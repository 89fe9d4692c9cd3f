/**
 * One-time passwords. Three documents: the recipient's and purpose's (hash of the live code, attempts, throttle),
 * the sealed code that is put into the message as it is sent, and the counts by person and address. What is decided
 * is in otp-rules.ts; each decision is one fenced write.
 */
import type { Connection } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { badInput, conflict, HeraldError } from '../../../platform/errors/herald-error.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { derivedId, newId } from '../../../platform/names/ids.ts';
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import type { FallbackStepInput } from '../../templates/index.ts';
import { addressOn, type UsersService } from '../../users/index.ts';
import type { AcceptService } from '../accept/accept.ts';
import type { SendInput } from '../accept/check-input.ts';
import { requestHash } from '../accept/request-hash.ts';
import { idemOf, type Sender } from '../accept/to-record.ts';
import { ChainFollower } from '../chains/chain-follower.ts';
import type { NotificationOtp, NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { builtInText, spokenLocale } from './built-in-text.ts';
import { changeFenced } from './change-fenced.ts';
import { CODE_PLACEHOLDER, newCode } from './code.ts';
import type { CodeHasher } from './code-hash.ts';
import { CodeStore } from './code-store.ts';
import { markOpened } from './mark-opened.ts';
import { maskedAddress } from './masked-address.ts';
import {
  checkedCode,
  checkedRequest,
  codeId,
  keyOfCode,
  limitKey,
  type OtpRequested,
  otpKey,
  type RequestOtpInput,
  type VerifyOtpInput,
} from './otp-input.ts';
import { requestsTotal, verificationsTotal } from './otp-metrics.ts';
import type { OtpRecord } from './otp-record.ts';
import { decideLimit, decideRequest, decideVerify, type OtpLimits, type Verification } from './otp-rules.ts';
import { sendField } from './send-field.ts';

export interface OtpDeps {
  readonly connection: Connection;
  readonly models: NotificationModels;
  readonly events: EventLog;
  readonly accept: Pick<AcceptService, 'accept'>;
  readonly users: Pick<UsersService, 'recipients' | 'engaged'>;
  readonly box: SecretBox;
  readonly hasher: CodeHasher;
  readonly limits: OtpLimits;
  readonly log: Logger;
}

/** Where the codes of a request go, and in which language. */
interface Reached {
  readonly channel: Channel;
  /** On it; none of a device. */
  readonly address?: string;
  readonly locale?: string;
  /** Counted one by one. */
  readonly limits: readonly string[];
}

/** What its caller is told of a request. */
export interface OtpAsked extends Omit<NotificationOtp, 'purpose'> {
  readonly expiresAt: Date;
  readonly notification: NotificationRecord;
}

/** What a request has changed, to be taken back where nothing is sent. */
interface Begun {
  readonly id: string;
  readonly key: string;
  readonly before: OtpRecord | undefined;
  readonly limits: readonly string[];
}

export class OtpService {
  readonly #deps: OtpDeps;
  readonly #codes: CodeStore;
  readonly #chains: ChainFollower;

  constructor(deps: OtpDeps) {
    this.#deps = deps;
    this.#codes = new CodeStore(deps.models);
    this.#chains = new ChainFollower(deps);
  }

  /**
   * Makes a code and sends it; the former one of the same recipient and purpose ends. The same idempotency key and
   * input again: the notification of the first time.
   * @throws HeraldError BAD_USER_INPUT, CONFLICT for a key that was used for another request, RATE_LIMITED when codes
   * were asked for too often or wrong ones told, and what accepting throws. Then the former code lives on.
   */
  async request(sender: Sender, input: RequestOtpInput): Promise<OtpAsked> {
    return askedOf(await this.#request(sender, input));
  }

  async #request(sender: Sender, input: RequestOtpInput): Promise<NotificationRecord> {
    const asked = checkedRequest(input);
    const { workspace, app } = sender;
    const key = otpKey(workspace, app, asked.to, asked.purpose);
    const which =
      asked.idempotencyKey === undefined
        ? newId('otp')
        : derivedId('otp', workspace, app, asked.idempotencyKey);
    const sendKey = `otp|${which}`;
    const idem = idemOf(sender, sendKey);
    const hash = requestHash(asked);
    const first = asked.idempotencyKey === undefined ? undefined : await this.#firstOf(idem, hash);
    if (first) return first;
    const reached = await this.#reach(workspace, asked);
    const id = codeId(key, which);
    const now = sharedDate();
    const { code, expiresAt } = await this.#codes.keep(
      id,
      { code: newCode(asked.length), expiresAt: new Date(now.getTime() + asked.ttlMs) },
      this.#deps.box,
    );
    const begun = await this.#begin(sender, key, reached, { id, code, expiresAt, idem }, now);
    const result = await this.#send(sender, asked, reached, {
      id,
      sendKey,
      hash,
      expiresAt,
      resendAfter: begun.resendAfter,
    });
    if (result instanceof HeraldError) {
      if (isSurelyUnsent(result) && !begun.known) await this.#undo(begun);
      throw sendField(result);
    }
    requestsTotal.inc({ result: 'accepted' });
    if (begun.before && begun.before.code.id !== id) await this.#codes.remove(begun.before.code.id);
    return result;
  }

  /**
   * Whether this is the code; see `decideVerify`. The right one counts once.
   * @param by.anyApp for an operator, who may name any code of the workspace by its id.
   * @throws HeraldError BAD_USER_INPUT: nothing was tried then.
   */
  async verify(
    by: { readonly workspace: string; readonly app: string; readonly anyApp: boolean },
    input: VerifyOtpInput,
  ): Promise<Verification> {
    const { which, code } = checkedCode(input);
    const id = 'id' in which ? which.id : undefined;
    const key = 'id' in which ? keyOfCode(which.id) : otpKey(by.workspace, by.app, which.to, which.purpose);
    if (key === undefined) return { status: 'NOT_FOUND' };
    const { models, hasher, limits } = this.#deps;
    const now = sharedDate();
    const { decision, before } = await changeFenced(models.raw.otps, key, (found) => {
      const own =
        found?.workspace === by.workspace && (by.anyApp || found.app === by.app) ? found : undefined;
      const isRight = own !== undefined && hasher.matches(own.code.id, code, own.code.hash);
      return decideVerify(own, id, isRight, limits, now);
    });
    const { status } = decision.answer;
    verificationsTotal.inc({ status });
    if (before && decision.next && status !== 'WRONG') await this.#end(before, status === 'VERIFIED', now);
    return decision.answer;
  }

  /** What the same request has led to before. @throws HeraldError CONFLICT: it was another request. */
  async #firstOf(idem: string, hash: string): Promise<NotificationRecord | undefined> {
    const found = await this.#deps.models.raw.notifications.findOne({ idem });
    if (!found) return undefined;
    if (found.requestHash === hash) return found;
    throw conflict(
      `The idempotency key was used before for another request (notification ${found._id}). Use a new key for a new request.`,
      'input.idempotencyKey',
    );
  }

  /** @throws HeraldError BAD_USER_INPUT for somebody who is not there or cannot be reached. */
  async #reach(workspace: string, { to, channel, fallback, locale }: OtpRequested): Promise<Reached> {
    if ('address' in to)
      return {
        channel,
        address: to.address,
        ...(locale !== undefined && { locale }),
        limits: [limitKey(workspace, to)],
      };
    const recipient = (await this.#deps.users.recipients(workspace, [to.user])).get(to.user);
    if (!recipient)
      throw badInput('input.to.user', `There is no user "${to.user}". Create it with upsertUsers first.`);
    const chain = [channel, ...fallback.map((step) => step.channel)];
    const addressOf = (one: Channel) => (one === 'WEB_PUSH' ? undefined : addressOn(recipient, one));
    const first = chain.find(
      (one) => recipient.devices.some((device) => device.channel === one) || addressOf(one) !== undefined,
    );
    if (!first)
      throw badInput('input.channel', `The user "${to.user}" has no address on ${chain.join(' or ')}.`);
    const address = addressOf(first);
    const spoken = locale ?? recipient.locale;
    const addresses = chain.flatMap((one) => addressOf(one) ?? []);
    const limits = [to, ...addresses.map((one) => ({ address: one }))].map((one) => limitKey(workspace, one));
    return {
      channel: first,
      ...(address !== undefined && { address }),
      ...(spoken !== undefined && { locale: spoken }),
      limits: [...new Set(limits)],
    };
  }

  /** Counts the request and makes the code the live one. @throws HeraldError RATE_LIMITED, and nothing has changed. */
  async #begin(
    { workspace, app }: Sender,
    key: string,
    { limits }: Reached,
    { id, code, expiresAt, idem }: { id: string; code: string; expiresAt: Date; idem: string },
    now: Date,
  ): Promise<Begun & { readonly resendAfter: Date; readonly known?: true }> {
    const { models, hasher } = this.#deps;
    const taken: string[] = [];
    for (const limit of limits) {
      const { decision } = await changeFenced(models.raw.otpLimits, limit, (before) =>
        decideLimit(before, limit, id, this.#deps.limits.maxPerHour, now),
      );
      if (decision.kind === 'throttled') {
        await this.#undo({ id, key, before: undefined, limits: taken });
        throw tooMany(
          'throttled',
          `At most ${this.#deps.limits.maxPerHour} codes an hour go to one person and to one address.`,
          decision.retryAfterMs,
        );
      }
      if (decision.kind === 'taken') taken.push(limit);
    }
    const fresh = { id, hash: hasher.hash(id, code), expiresAt, idem };
    const { decision, before } = await changeFenced(models.raw.otps, key, (found) =>
      decideRequest(found, { _id: key, workspace, app }, fresh, this.#deps.limits, now),
    );
    if (decision.kind === 'taken')
      return { id, key, before, limits: taken, resendAfter: decision.next.code.resendAfter };
    // Its other half goes on with it, and takes it back if need be.
    if (decision.kind === 'known')
      return { id, key, before: undefined, limits: [], known: true, resendAfter: decision.code.resendAfter };
    await this.#undo({ id, key, before: undefined, limits: taken });
    throw decision.kind === 'locked'
      ? tooMany(
          'locked',
          'Too many wrong codes were told: this recipient and purpose is locked.',
          decision.retryAfterMs,
        )
      : tooMany(
          'throttled',
          'A code was sent to this recipient for this purpose a moment ago.',
          decision.retryAfterMs,
        );
  }

  async #send(
    sender: Sender,
    asked: OtpRequested,
    { channel: first, address, locale }: Reached,
    made: { id: string; sendKey: string; hash: string; expiresAt: Date; resendAfter: Date },
  ): Promise<NotificationRecord | HeraldError> {
    const { to, purpose, template } = asked;
    const chain = [asked.channel, ...asked.fallback.map(({ channel }) => channel)];
    // Words in English are read aloud in English.
    const language = template === undefined ? spokenLocale(locale) : locale;
    const ttlMinutes = Math.ceil(asked.ttlMs / 60_000);
    const input: SendInput = {
      idempotencyKey: made.sendKey,
      ...(template === undefined ? { content: builtInText(language, purpose, ttlMinutes) } : { template }),
      to: 'user' in to ? [{ user: to.user }] : chain.map((channel) => ({ channel, address: to.address })),
      ...(asked.fallback.length > 0
        ? { fallback: stepsOf(asked) }
        : 'user' in to && { channels: [asked.channel] }),
      data: { code: CODE_PLACEHOLDER, purpose, ttlMinutes },
      priority: 'HIGH',
      expiresAt: made.expiresAt,
      oneTime: {
        otp: {
          id: made.id,
          purpose,
          channel: first,
          resendAfter: made.resendAfter,
          ...(address !== undefined && { maskedAddress: maskedAddress(address) }),
        },
        ...(language !== undefined && { locale: language }),
        requestHash: made.hash,
      },
    };
    const [result] = await this.#deps.accept.accept(withoutWords(sender), [input], ['input']);
    if (!result) return new HeraldError('INTERNAL_SERVER_ERROR', 'The send was not decided.');
    return result instanceof HeraldError ? result : result.notification;
  }

  /** Nothing was sent: the code never was, and the former one is the live one. */
  async #undo({ id, key, before, limits }: Begun): Promise<void> {
    const { models, log } = this.#deps;
    try {
      await this.#codes.remove(id);
      if (before)
        await changeFenced(models.raw.otps, key, (found) =>
          found?.code.id === id ? { next: { ...before, revision: found.revision + 1 } } : {},
        );
      else await models.raw.otps.deleteOne({ _id: key, 'code.id': id });
      for (const limit of limits)
        await changeFenced(models.raw.otpLimits, limit, (found) =>
          found
            ? {
                next: {
                  ...found,
                  revision: found.revision + 1,
                  requests: found.requests.filter(({ code }) => code !== id),
                },
              }
            : {},
        );
    } catch (error) {
      log.warn({ err: error, otp: id }, 'request for a code not taken back: its throttle stands');
    }
  }

  /** The code was used, or worn out: nothing sends it any more. */
  async #end({ code }: OtpRecord, isVerified: boolean, now: Date): Promise<void> {
    try {
      await this.#codes.remove(code.id);
      if (!isVerified) return;
      const { opened, events } = await markOpened(this.#deps, code.idem, now);
      this.#deps.users.engaged(events);
      await this.#chains.follow(opened);
    } catch (error) {
      // What was told of the code holds; where it was not removed, it expires.
      this.#deps.log.warn({ err: error, otp: code.id }, 'end of a one-time password not written down');
    }
  }
}

/** Only the code itself, when it is told, says that a message was read. */
const stepsOf = ({ channel, fallback }: OtpRequested): FallbackStepInput[] => [
  { channels: [channel] },
  ...fallback.map((step) => ({
    channels: [step.channel],
    afterSeconds: step.afterSeconds,
    unless: 'OPENED' as const,
  })),
];

function askedOf(notification: NotificationRecord): OtpAsked {
  const { otp, expiresAt } = notification;
  if (!otp || !expiresAt) throw new Error(`${notification._id} brings no one-time password.`);
  const { purpose: _, ...told } = otp;
  return { ...told, expiresAt, notification };
}

/** The store may have taken one that it did not confirm: its code must live. */
const isSurelyUnsent = ({ code, extensions }: HeraldError): boolean =>
  code === 'BAD_USER_INPUT' ||
  code === 'FORBIDDEN' ||
  code === 'CONFLICT' ||
  (code === 'UNAVAILABLE' && extensions.retryAfterMs !== undefined);

function tooMany(result: 'throttled' | 'locked', why: string, retryAfterMs: number): HeraldError {
  requestsTotal.inc({ result });
  return new HeraldError('RATE_LIMITED', `${why} Try again in ${Math.ceil(retryAfterMs / 1_000)} s.`, {
    retryAfterMs,
  });
}

/** The built-in words are Herald's own: an app that may not send its own may ask for a code in them. */
const withoutWords = ({ may: { content: _, ...may } = {}, ...sender }: Sender): Sender => ({
  ...sender,
  may,
});
