/** What planning needs of a route's rules, with the key's value taken from the event's data. Pure. */
import { type PublishedRoute, valueAt } from '../../templates/index.ts';
import type { RouteRules } from '../contract.ts';
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
    ...(digest && { digest }),
    quietHours,
  };
}

/** A text or a number; undefined for anything else. */
export function keyAt(data: unknown, path: string): string | undefined {
  const value = valueAt(data, path);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const text = String(value);
  return text === '' || text.length > MAX_KEY_CHARS ? undefined : text;
}
