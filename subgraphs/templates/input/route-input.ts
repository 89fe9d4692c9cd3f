/** Checks what `saveRoute` is given, and turns it into what is stored. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { RouteRecipient } from '../contract.ts';
import type { RouteInput, RouteRecipientInput } from '../generated/types.ts';
import type { RouteBody } from '../store/records.ts';
import { fallbackSteps } from './fallback-input.ts';
import { checkCategory, checkId } from './names.ts';

const MAX_DELAY_SECONDS = 30 * 24 * 60 * 60;
const MAX_RECIPIENTS = 1_000;
const MAX_ADDRESS_CHARS = 2_048;

/**
 * The route to store. Pure: whether its template is there is the caller's to check.
 * @throws HeraldError BAD_USER_INPUT naming the field (`input.recipients.0.address`).
 */
export function routeBody(input: RouteInput): RouteBody {
  checkId('input.event', input.event);
  checkId('input.template', input.template);
  const category = checkCategory('input.category', input.category);
  const delaySeconds = input.delaySeconds ?? 0;
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > MAX_DELAY_SECONDS)
    throw badInput('input.delaySeconds', `The delay is 0 to ${MAX_DELAY_SECONDS} seconds (30 days).`);
  const recipients = input.recipients ?? [];
  if (recipients.length > MAX_RECIPIENTS)
    throw badInput('input.recipients', `A route has at most ${MAX_RECIPIENTS} recipients; use a group.`);
  const channels = [...new Set(input.channels ?? [])];
  return {
    template: input.template,
    channels,
    ...(input.fallback && { fallback: fallbackSteps('input.fallback', input.fallback, channels) }),
    priority: input.priority ?? 'MEDIUM',
    ...(category !== undefined && { category }),
    delaySeconds,
    recipients: recipients.map((recipient, index) => checkRecipient(`input.recipients.${index}`, recipient)),
  };
}

function checkRecipient(at: string, recipient: RouteRecipientInput): RouteRecipient {
  const { user, group, channel, address } = recipient;
  const named = [user, group, address].filter((name) => name != null).length;
  if (named !== 1) throw badInput(at, 'Name exactly one of: user, group, or address (with channel).');
  if (address == null && channel != null)
    throw badInput(
      `${at}.channel`,
      'A channel goes with an address; the route has the channels of its users and groups.',
    );
  if (user != null) {
    checkId(`${at}.user`, user);
    return { user };
  }
  if (group != null) {
    checkId(`${at}.group`, group);
    return { group };
  }
  if (channel == null) throw badInput(`${at}.channel`, 'An address needs its channel.');
  if (channel === 'IN_APP') throw badInput(`${at}.channel`, 'IN_APP reaches users; name the user.');
  const trimmed = (address ?? '').trim();
  if (trimmed === '' || trimmed.length > MAX_ADDRESS_CHARS)
    throw badInput(`${at}.address`, `An address has 1 to ${MAX_ADDRESS_CHARS} characters.`);
  return { channel, address: trimmed };
}
