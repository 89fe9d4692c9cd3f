/** What planning needs of a route's rules, with the key's value taken from the event's data. Pure. */
import { badInput, type HeraldError } from '../../../platform/errors/herald-error.ts';
import { type PublishedRoute, valueAt } from '../../templates/index.ts';
import type { DigestRule, RouteRules } from '../records/notification-record.ts';
import type { SendInput } from './check-input.ts';

const MAX_KEY_CHARS = 200;

/** Undefined where the route has no rules that planning goes by. */
export function rulesOf(route: PublishedRoute, input: SendInput): RouteRules | undefined {
  const { once, throttle, digest, quietHours } = route;
  if (!once && !throttle && !digest && quietHours === 'HOLD') return undefined;
  const key = route.key === undefined ? undefined : keyAt(input.data, route.key);
  return {
    ...(key !== undefined && { key }),
    ...(once && { once }),
    ...(throttle && { throttle }),
    ...(digest && { digest: digestOf(digest) }),
    quietHours,
  };
}

const digestOf = ({
  windowSeconds = 0,
  at,
  maxItems,
}: NonNullable<PublishedRoute['digest']>): DigestRule => ({
  ...(at === undefined ? { windowSeconds } : { at }),
  ...(maxItems !== undefined && { maxItems }),
});

/** Why the event cannot go by its key; undefined where it can, or needs none. @param at path of the input. */
export function keyProblem(route: PublishedRoute, input: SendInput, at: string): HeraldError | undefined {
  const { key, once, cancelOn } = route;
  if (key === undefined || (!once && cancelOn.length === 0)) return undefined;
  return keyAt(input.data, key) === undefined
    ? badInput(
        `${at}.data.${key}`,
        `The route of "${route.event}" goes by the value here: give a text of 1 to ${MAX_KEY_CHARS} characters, or a number.`,
      )
    : undefined;
}

/** A text, a number or a truth value; undefined for anything else. */
export function keyAt(data: unknown, path: string): string | undefined {
  const value = valueAt(data, path);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const text = String(value);
  return text === '' || text.length > MAX_KEY_CHARS ? undefined : text;
}
