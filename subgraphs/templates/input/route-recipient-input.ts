/** Checks whom a route sends to. Pure. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { RouteRecipient } from '../contract.ts';
import type { RouteRecipientInput } from '../generated/types.ts';
import { checkPath } from './data-path.ts';
import { checkId } from './names.ts';

const MAX_RECIPIENTS = 1_000;
const MAX_ADDRESS_CHARS = 2_048;
const KINDS = ['user', 'group', 'segment', 'address', 'userFrom', 'addressFrom'] as const;

/** @throws HeraldError BAD_USER_INPUT naming the field (`input.recipients.0.address`). */
export function routeRecipients(
  at: string,
  recipients: readonly RouteRecipientInput[],
): readonly RouteRecipient[] {
  if (recipients.length > MAX_RECIPIENTS)
    throw badInput(at, `A route has at most ${MAX_RECIPIENTS} recipients; use a group or a segment.`);
  return recipients.map((recipient, index) => routeRecipient(`${at}.${index}`, recipient));
}

function routeRecipient(at: string, recipient: RouteRecipientInput): RouteRecipient {
  const { caller, channel } = recipient;
  const kinds = KINDS.filter((kind) => recipient[kind] != null);
  const [kind] = kinds;
  if (kinds.length + (caller === true ? 1 : 0) !== 1)
    throw badInput(
      at,
      'Name exactly one of: user, group, segment, or address (with channel); or caller, userFrom, or addressFrom (with channel).',
    );
  const addressed = kind === 'address' || kind === 'addressFrom';
  if (!addressed && channel != null)
    throw badInput(
      `${at}.channel`,
      'A channel goes with an address; the route has the channels of its users, groups and segments.',
    );
  if (kind === undefined) return { caller: true };
  const value = (recipient[kind] ?? '').trim();
  if (kind === 'user' || kind === 'group' || kind === 'segment') {
    checkId(`${at}.${kind}`, value);
    return { [kind]: value };
  }
  if (kind === 'userFrom') return { userFrom: checkPath(`${at}.userFrom`, value) };
  if (channel == null) throw badInput(`${at}.channel`, 'An address needs its channel.');
  if (channel === 'IN_APP') throw badInput(`${at}.channel`, 'IN_APP reaches users; name the user.');
  if (kind === 'addressFrom') return { channel, addressFrom: checkPath(`${at}.addressFrom`, value) };
  if (value === '' || value.length > MAX_ADDRESS_CHARS)
    throw badInput(`${at}.address`, `An address has 1 to ${MAX_ADDRESS_CHARS} characters.`);
  return { channel, address: value };
}
