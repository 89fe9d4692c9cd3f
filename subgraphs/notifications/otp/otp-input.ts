/** What can be said of a request for a code, or of a code, without looking anything up. Pure. */

import { directAddressProblem } from '../../../platform/addresses/address-problem.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { derivedId, isCallerId } from '../../../platform/names/ids.ts';
import { isLocale } from '../../templates/index.ts';
import { normalAddress } from '../../users/index.ts';

/** `OtpRecipientInput` of the graph. */
export interface OtpRecipientInput {
  readonly user?: string | null;
  readonly address?: string | null;
}

/** `RequestOtpInput` of the graph. */
export interface RequestOtpInput {
  readonly to: OtpRecipientInput;
  readonly channel?: Channel | null;
  readonly purpose: string;
  readonly template?: string | null;
  readonly length?: number | null;
  readonly ttlSeconds?: number | null;
  readonly locale?: string | null;
  readonly fallback?: readonly OtpFallbackStep[] | null;
  readonly idempotencyKey?: string | null;
}

/** `OtpFallbackInput` of the graph. */
export interface OtpFallbackStep {
  readonly channel: Channel;
  /** After the step before was begun. */
  readonly afterSeconds: number;
}

/** Exactly one of the two. */
export type OtpRecipient = { readonly user: string } | { readonly address: string };

/** A request, checked. */
export interface OtpRequested {
  readonly to: OtpRecipient;
  readonly channel: Channel;
  readonly purpose: string;
  readonly template?: string;
  readonly length: number;
  readonly ttlMs: number;
  readonly locale?: string;
  /** After `channel`, one after the other. */
  readonly fallback: readonly OtpFallbackStep[];
  readonly idempotencyKey?: string;
}

const USUAL_CHANNEL = 'SMS';
const LENGTH = { least: 4, most: 10, usual: 6 } as const;
const TTL_SECONDS = { least: 30, most: 3_600, usual: 300 } as const;
/** A chain has 5 steps at most. */
const MAX_FALLBACK = 4;
const MAX_PURPOSE_CHARS = 50;
const MAX_KEY_CHARS = 200;
const MAX_ADDRESS_CHARS = 4_096;

/** @throws HeraldError BAD_USER_INPUT with the field below `input`. */
export function checkedRequest(input: RequestOtpInput): OtpRequested {
  const channel = input.channel ?? USUAL_CHANNEL;
  const to = recipientOf(input.to, 'input.to');
  const problem = channelProblem(channel, to);
  if (problem !== undefined)
    throw badInput(
      'address' in to && channel !== 'IN_APP' && channel !== 'WEB_PUSH'
        ? 'input.to.address'
        : 'input.channel',
      problem,
    );
  const ttlSeconds = within(input.ttlSeconds, TTL_SECONDS, 'input.ttlSeconds');
  const { template, locale, idempotencyKey } = input;
  if (locale != null && !isLocale(locale))
    throw badInput('input.locale', 'Must be a language tag, for example "de" or "pt-BR".');
  if (
    idempotencyKey != null &&
    (idempotencyKey === '' || idempotencyKey.length > MAX_KEY_CHARS || !idempotencyKey.isWellFormed())
  )
    throw badInput('input.idempotencyKey', `Must have 1 to ${MAX_KEY_CHARS} characters.`);
  return {
    to,
    channel,
    purpose: checkedPurpose(input.purpose, 'input.purpose'),
    length: within(input.length, LENGTH, 'input.length'),
    ttlMs: ttlSeconds * 1_000,
    fallback: checkedFallback(input.fallback ?? [], channel, to, ttlSeconds),
    ...(template != null && { template }),
    ...(locale != null && { locale }),
    ...(idempotencyKey != null && { idempotencyKey }),
  };
}

/** Why a code cannot go to somebody on a channel. */
function channelProblem(channel: Channel, to: OtpRecipient): string | undefined {
  if (channel === 'IN_APP')
    return 'A code is no secret in the inbox of who is signed in already: choose another channel.';
  return 'address' in to ? directAddressProblem(channel, to.address) : undefined;
}

function checkedFallback(
  steps: readonly OtpFallbackStep[],
  first: Channel,
  to: OtpRecipient,
  ttlSeconds: number,
): readonly OtpFallbackStep[] {
  if (steps.length > MAX_FALLBACK)
    throw badInput('input.fallback', `At most ${MAX_FALLBACK}; there are ${steps.length}.`);
  const known = new Set([first]);
  let seconds = 0;
  return steps.map(({ channel, afterSeconds }, index) => {
    const at = `input.fallback.${index}`;
    if (known.has(channel)) throw badInput(`${at}.channel`, `${channel} is in the chain already.`);
    known.add(channel);
    const problem = channelProblem(channel, to);
    if (problem !== undefined) throw badInput(`${at}.channel`, problem);
    seconds += afterSeconds;
    if (afterSeconds < 1 || seconds >= ttlSeconds)
      throw badInput(
        `${at}.afterSeconds`,
        `Must be at least 1, and begin before the code expires, ${ttlSeconds} s after it was made.`,
      );
    return { channel, afterSeconds };
  });
}

function within(
  value: number | null | undefined,
  { least, most, usual }: { readonly least: number; readonly most: number; readonly usual: number },
  field: string,
): number {
  const given = value ?? usual;
  if (given < least || given > most) throw badInput(field, `Must be ${least} to ${most}; it is ${given}.`);
  return given;
}

/** It stands in the message: no part of a link, and nothing that a lure could be made of. */
function checkedPurpose(purpose: string, field: string): string {
  if (
    [...purpose].length > MAX_PURPOSE_CHARS ||
    !/^[\p{L}\p{N}]([\p{L}\p{M}\p{N} _-]*[\p{L}\p{M}\p{N}])?$/u.test(purpose)
  )
    throw badInput(
      field,
      `Must be 1 to ${MAX_PURPOSE_CHARS} letters and digits, with spaces, dashes and underscores between them, for example "login".`,
    );
  return purpose;
}

/** @throws HeraldError BAD_USER_INPUT. */
function recipientOf({ user, address }: OtpRecipientInput, field: string): OtpRecipient {
  if ((user == null) === (address == null))
    throw badInput(
      user == null ? field : `${field}.address`,
      `Give exactly one of user and address: ${user == null ? 'none is there' : 'both are there'}.`,
    );
  if (user != null) {
    if (!isCallerId(user))
      throw badInput(`${field}.user`, 'An id has 1 to 200 printable characters without spaces.');
    return { user };
  }
  const given = address ?? '';
  if (given === '' || given.length > MAX_ADDRESS_CHARS)
    throw badInput(`${field}.address`, `Must have 1 to ${MAX_ADDRESS_CHARS} characters.`);
  return { address: given };
}

/** One spelling, whatever the channel is: the code may be told without it. */
export function normalOf(address: string): string {
  if (/^https?:\/\//i.test(address)) return normalAddress('WEBHOOK', address);
  return address.includes('@') ? normalAddress('EMAIL', address) : address;
}

const recipientKey = (to: OtpRecipient): readonly string[] =>
  'user' in to ? ['user', to.user] : ['address', normalOf(to.address)];

const PREFIX = 'otp_';
const withoutPrefix = (id: string): string => id.slice(PREFIX.length);

/** The key of a recipient and purpose of an app. */
export const otpKey = (workspace: string, app: string, to: OtpRecipient, purpose: string): string =>
  withoutPrefix(derivedId('otp', workspace, app, purpose, ...recipientKey(to)));

/** What counts the codes to a person, or to an address, of a workspace. */
export const limitKey = (workspace: string, to: OtpRecipient): string =>
  withoutPrefix(derivedId('otp', workspace, ...recipientKey(to)));

/** The id of a code: whose it is, and which of theirs. @param which an id of `newId` or `derivedId`. */
export const codeId = (key: string, which: string): string => `${PREFIX}${key}${withoutPrefix(which)}`;

/** Whose code it is; undefined for what is no id of a code. */
export const keyOfCode = (id: string): string | undefined => /^otp_([0-9a-z]{26})[0-9a-z]{26}$/.exec(id)?.[1];

/** `verifyOtp`'s arguments. */
export interface VerifyOtpInput {
  readonly id?: string | null;
  readonly to?: OtpRecipientInput | null;
  readonly purpose?: string | null;
  readonly code: string;
}

/** Which code is meant, and what was told. */
export interface CodeTold {
  readonly which: { readonly id: string } | { readonly to: OtpRecipient; readonly purpose: string };
  readonly code: string;
}

/** @throws HeraldError BAD_USER_INPUT: it counts as no attempt. */
export function checkedCode({ id, to, purpose, code }: VerifyOtpInput): CodeTold {
  // People copy it in groups, and some keyboards write other digits.
  const digits = [...code.replace(/[\s-]/g, '')].map(asciiDigit).join('');
  if (!/^\d+$/.test(digits) || digits.length < LENGTH.least || digits.length > LENGTH.most)
    throw badInput('code', `Must have ${LENGTH.least} to ${LENGTH.most} digits.`);
  if (id != null) {
    if (to != null || purpose != null)
      throw badInput(to == null ? 'purpose' : 'to', 'Give id, or to and purpose, not both.');
    return { which: { id }, code: digits };
  }
  if (to == null) throw badInput('id', 'Give the id of the request, or its to and purpose.');
  if (purpose == null) throw badInput('purpose', 'Give the purpose of the request, too.');
  return { which: { to: recipientOf(to, 'to'), purpose: checkedPurpose(purpose, 'purpose') }, code: digits };
}

/** Arabic-Indic, Persian and full-width digits stand for the same numbers. */
const ZEROS = [0x0660, 0x06f0, 0xff10];
function asciiDigit(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  const zero = ZEROS.find((first) => point >= first && point <= first + 9);
  return zero === undefined ? character : String(point - zero);
}
