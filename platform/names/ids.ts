/** Identifiers: what they look like and how the store keys are built from them. */
import { hash, randomBytes } from 'node:crypto';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** Prefixes of generated ids, so that an id tells what it names. */
export type IdPrefix = 'ntf' | 'dlv' | 'app' | 'key' | 'dev' | 'aud' | 'alr' | 'otp' | 'dgb';

/**
 * A new id: prefix, 48 bits of time (ms) and 80 random bits, Crockford base 32, as ULID has them
 * (https://github.com/ulid/spec), in lower case. Ids of one prefix sort by time to the millisecond.
 */
export function newId(prefix: IdPrefix, nowMs: number = Date.now()): string {
  return `${prefix}_${encodeTime(nowMs)}${encodeRandom()}`;
}

/** What sorts before every id of this prefix that is made at this time or later. */
export const firstIdAt = (prefix: IdPrefix, ms: number): string => `${prefix}_${encodeTime(ms)}`;

/** When the id was made, in Unix milliseconds; undefined for what is no id of `newId`. */
export function timeOfId(id: string): number | undefined {
  const time = /^[a-z]+_([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}$/.exec(id)?.[1];
  if (time === undefined) return undefined;
  let ms = 0;
  for (const char of time) ms = ms * 32 + CROCKFORD.indexOf(char);
  return ms;
}

function encodeTime(ms: number): string {
  let rest = ms;
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = CROCKFORD.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Random bytes are drawn for many ids at once: one system call each would dominate a batch send. */
let pool = Buffer.alloc(0);
let poolAt = 0;
function encodeRandom(): string {
  if (poolAt + 16 > pool.length) {
    pool = randomBytes(16 * 256);
    poolAt = 0;
  }
  let text = '';
  for (let i = 0; i < 16; i++) text += CROCKFORD.charAt((pool[poolAt + i] as number) & 31);
  poolAt += 16;
  return text;
}

/** An id that is the same for the same parts: used where a step may run twice and must not write twice. */
export function derivedId(prefix: IdPrefix, ...parts: readonly string[]): string {
  const digest = hash('sha256', JSON.stringify(parts), 'buffer');
  let text = '';
  for (let i = 0; i < 26; i++) text += CROCKFORD.charAt((digest[i] as number) & 31);
  return `${prefix}_${text}`;
}

/** The store key of something that callers name themselves (users, templates, routes): unique over workspaces. */
export const scopedKey = (workspace: string, id: string): string => `${workspace}:${id}`;

/**
 * A provider account of a workspace, where accounts of all workspaces meet: in Redis keys and receipt addresses. An
 * account of the settings goes by its id alone, which has no dot.
 */
export const providerAccountKey = (workspace: string, id: string): string => `${workspace}.${id}`;

/** The parts of a provider account's key; no workspace for one of the settings. */
export function accountOfKey(key: string): { readonly workspace?: string; readonly id: string } {
  const dot = key.indexOf('.');
  return dot < 0 ? { id: key } : { workspace: key.slice(0, dot), id: key.slice(dot + 1) };
}

const MAX_ID_CHARS = 200;

/**
 * What callers may use as their own ids: 1 to 200 characters (UTF-16 units), none of them a space or a control
 * character, and no half of a surrogate pair: UTF-8 cannot carry it, so that two such ids would become one.
 */
export const isCallerId = (id: string): boolean =>
  id.length <= MAX_ID_CHARS && /^[^\s\p{Cc}\p{Cs}]+$/u.test(id);

/** Workspace ids: a lower-case letter, then letters, digits or dashes, at most 40. */
export const isWorkspaceId = (id: string): boolean => /^[a-z][a-z0-9-]{0,39}$/.test(id);

/** The workspace that exists from the first start. */
export const DEFAULT_WORKSPACE = 'default';
