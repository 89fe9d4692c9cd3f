/** Checks what an app may send, as operators give it. Pure. */
import type { AppPermissions } from '../../../platform/auth/principal.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';

/** `AppPermissionsInput` as resolvers get it. */
export interface PermissionsInput {
  readonly events?: readonly string[] | null;
  readonly templates?: readonly string[] | null;
  readonly content?: boolean | null;
  readonly channels?: readonly Channel[] | null;
}

const MAX_PATTERNS = 200;
const PATTERN = /^[^\s*]{0,199}\*?$/;

/** @throws HeraldError BAD_USER_INPUT naming the field (`may.events.0`). */
export function appPermissions({ events, templates, content, channels }: PermissionsInput): AppPermissions {
  return {
    ...(events && { events: patterns('may.events', events) }),
    ...(templates && { templates: patterns('may.templates', templates) }),
    ...(content != null && { content }),
    ...(channels && { channels: [...new Set(channels)] }),
  };
}

function patterns(at: string, given: readonly string[]): readonly string[] {
  if (given.length > MAX_PATTERNS) throw badInput(at, `At most ${MAX_PATTERNS}; there are ${given.length}.`);
  for (const [index, pattern] of given.entries())
    if (pattern === '' || !PATTERN.test(pattern))
      throw badInput(`${at}.${index}`, 'Must be a name, or the beginning of names with `*` behind it.');
  return [...new Set(given)];
}
