/** Checks whom a route sends to. Pure. */
import { directAddressProblem } from '../../../platform/addresses/address-problem.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { RouteRecipient } from '../contract.ts';
import type { RouteRecipientInput } from '../generated/types.ts';
import { checkPath } from './data-path.ts';
import { checkId } from './names.ts';

const MAX_RECIPIENTS = 1_000;
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
  if (channel === 'IN_APP' || channel === 'WEB_PUSH')
    throw badInput(`${at}.channel`, `${channel} reaches users; name the user.`);
  if (kind === 'addressFrom') return { channel, addressFrom: checkPath(`${at}.addressFrom`, value) };
  const problem = directAddressProblem(channel, value);
  if (problem !== undefined) throw badInput(`${at}.address`, problem);
  return { channel, address: value };
}
