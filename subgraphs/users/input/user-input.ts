/** Checks users as callers describe them. */
import { LRUCache } from 'lru-cache';
import { addressProblem, emailProblem, phoneProblem } from '../../../platform/addresses/address-problem.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { JSON_MAX_BYTES } from '../../../platform/graphql/scalars.ts';
import { isCallerId } from '../../../platform/names/ids.ts';
import type { UserProfile } from '../contract.ts';
import { checkLabel } from './label.ts';

export const MAX_USERS = 1_000;
const MAX_USER_NAME_CHARS = 200;
const MAX_GROUPS = 500;
const MAX_ADDRESSES = 100;

/** A user that may be written: optional fields are absent, not null, and lists have no item twice. */
export interface CheckedUser {
  readonly id: string;
  readonly name?: string;
  readonly locale?: string;
  readonly timezone?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly groups: string[];
  /** JSON text of an object. */
  readonly attributes: string;
  readonly addresses: { channel: Channel; address: string }[];
  readonly preferredChannels: Channel[];
}

/**
 * All of them, or the first problem.
 * @throws HeraldError BAD_USER_INPUT, `field` being for example `users.3.email`.
 */
export function checkUsers(profiles: readonly UserProfile[]): CheckedUser[] {
  if (profiles.length < 1 || profiles.length > MAX_USERS)
    throw badInput('users', `Give 1 to ${MAX_USERS} users; there are ${profiles.length}.`);
  const ids = new Map<string, number>();
  return profiles.map((profile, index) => {
    const at = `users.${index}`;
    const checked = checkUser(profile, at);
    const before = ids.get(checked.id);
    if (before !== undefined)
      throw badInput(`${at}.id`, `"${checked.id}" is there twice: as user ${before} and as user ${index}.`);
    ids.set(checked.id, index);
    return checked;
  });
}

/** @param at path of the user in the input. @throws HeraldError BAD_USER_INPUT. */
export function checkUser(profile: UserProfile, at: string): CheckedUser {
  const { id, name, locale, timezone, email, phone } = profile;
  checkId(`${at}.id`, id);
  refuse(`${at}.email`, email == null ? undefined : emailProblem(email));
  refuse(`${at}.phone`, phone == null ? undefined : phoneProblem(phone));
  if (timezone != null && !isTimeZone(timezone))
    throw badInput(`${at}.timezone`, 'Must be a time zone of the IANA database, for example Europe/Berlin.');
  return {
    id,
    ...(name != null && { name: checkLabel(`${at}.name`, name, MAX_USER_NAME_CHARS) }),
    ...(locale != null && { locale: checkLocale(`${at}.locale`, locale) }),
    ...(timezone != null && { timezone }),
    ...(email != null && { email }),
    ...(phone != null && { phone }),
    groups: checkGroups(`${at}.groups`, profile.groups ?? []),
    attributes: checkAttributes(`${at}.attributes`, profile.attributes),
    addresses: checkAddresses(`${at}.addresses`, profile.addresses ?? []),
    preferredChannels: [...new Set(profile.preferredChannels ?? [])],
  };
}

function refuse(field: string, problem: string | undefined): void {
  if (problem !== undefined) throw badInput(field, problem);
}

function checkId(field: string, id: string): void {
  if (!isCallerId(id)) throw badInput(field, 'An id has 1 to 200 printable characters without spaces.');
}

/** In its canonical form (BCP 47): `en-us` is kept as `en-US`. */
function checkLocale(field: string, locale: string): string {
  try {
    const [canonical] = Intl.getCanonicalLocales(locale);
    if (canonical !== undefined) return canonical;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw badInput(field, 'Must be a language tag of BCP 47, for example en or pt-BR.');
}

/** Asking Intl costs some 50 µs; few zones are in use. */
const knownTimeZones = new LRUCache<string, boolean>({ max: 1_000 });

/** Of the IANA database. */
export function isTimeZone(timezone: string): boolean {
  const known = knownTimeZones.get(timezone);
  if (known !== undefined) return known;
  const answer = asksForTimeZone(timezone);
  if (timezone.length <= 64) knownTimeZones.set(timezone, answer);
  return answer;
}

function asksForTimeZone(timezone: string): boolean {
  // Intl also takes offsets (`+01:00`), which are no time zones: they know no summer time.
  if (!/^[A-Za-z]/.test(timezone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function checkGroups(field: string, groups: readonly string[]): string[] {
  if (groups.length > MAX_GROUPS)
    throw badInput(field, `At most ${MAX_GROUPS} groups; there are ${groups.length}.`);
  groups.forEach((group, index) => {
    checkId(`${field}.${index}`, group);
  });
  return [...new Set(groups)];
}

function checkAttributes(field: string, attributes: unknown): string {
  if (attributes == null) return '{}';
  if (typeof attributes !== 'object' || Array.isArray(attributes))
    throw badInput(field, 'Must be an object: the attributes by name.');
  const text = serialised(attributes);
  if (text === undefined || Buffer.byteLength(text) > JSON_MAX_BYTES)
    throw badInput(field, `Must be at most ${JSON_MAX_BYTES / 1024} KiB as JSON.`);
  return text;
}

/** Undefined for what is nested so deeply that it cannot be serialised. */
function serialised(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function checkAddresses(
  field: string,
  addresses: readonly { readonly channel: Channel; readonly address: string }[],
): { channel: Channel; address: string }[] {
  if (addresses.length > MAX_ADDRESSES)
    throw badInput(field, `At most ${MAX_ADDRESSES} addresses; there are ${addresses.length}.`);
  const distinct = new Map<string, { channel: Channel; address: string }>();
  for (const [index, { channel, address }] of addresses.entries()) {
    const problem = addressProblem(channel, address);
    refuse(`${field}.${index}.${channel === 'IN_APP' ? 'channel' : 'address'}`, problem);
    distinct.set(`${channel} ${address}`, { channel, address });
  }
  return [...distinct.values()];
}
