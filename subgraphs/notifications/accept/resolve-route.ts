/**
 * What an event's route makes of a send: which messages, and to whom. Pure. Conditions of the event are judged here;
 * those of recipients when they are known, at planning.
 */
import { directAddressProblem } from '../../../platform/addresses/address-problem.ts';
import { judge } from '../../../platform/conditions/condition.ts';
import { badInput, type HeraldError } from '../../../platform/errors/herald-error.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import { isCallerId } from '../../../platform/names/ids.ts';
import {
  type PublishedRoute,
  type RouteAction,
  type RouteRecipient,
  valueAt,
} from '../../templates/index.ts';
import type { PassedOver, RecipientEntry } from '../records/notification-record.ts';
import { MAX_RECIPIENTS, type SendInput } from './check-input.ts';

/** A message of the event, with its recipients. */
export interface RoutedAction {
  readonly action: RouteAction;
  readonly to: readonly RecipientEntry[];
}

export interface Routed {
  readonly actions: readonly RoutedAction[];
  /** What is not sent, and why: by the name of the action; without one the whole event. */
  readonly passedOver: readonly PassedOver[];
}

/** @param at path of the input, for the fields of errors. */
export function routed(route: PublishedRoute, input: SendInput, at: string, now: Date): Routed | HeraldError {
  const variables = { data: input.data ?? {}, event: route.event, now };
  const refused = (source: string | undefined): string | undefined => {
    if (source === undefined) return undefined;
    const verdict = judge('event', source, variables);
    if (verdict.holds) return undefined;
    const why = 'because' in verdict ? `: ${verdict.because}` : '.';
    return `The condition ${source} does not hold${why}`;
  };
  const because = refused(route.when);
  if (because !== undefined) return { actions: [], passedOver: [{ because }] };
  if (route.actions.length === 0)
    return { actions: [], passedOver: [{ because: 'The event only cancels others.' }] };
  const actions: RoutedAction[] = [];
  const passedOver: PassedOver[] = [];
  for (const action of route.actions) {
    const reason = refused(action.when);
    if (reason !== undefined) {
      passedOver.push({ action: action.name, because: reason });
      continue;
    }
    const to = recipientsOf(route, action, input, at);
    if (!Array.isArray(to)) return to as HeraldError;
    actions.push({ action, to });
  }
  return { actions, passedOver };
}

function recipientsOf(
  route: PublishedRoute,
  action: RouteAction,
  input: SendInput,
  at: string,
): RecipientEntry[] | HeraldError {
  const to: RecipientEntry[] = [];
  for (const recipient of action.recipients) {
    const found = entriesOf(route, recipient, input, at);
    if (!Array.isArray(found)) return found;
    to.push(...found);
  }
  if (to.length === 0)
    return badInput(
      `${at}.to`,
      route.actions.length === 1
        ? `The route of "${route.event}" names no recipients: give at least one.`
        : `The action "${action.name}" of "${route.event}" is for those whom the caller names: give at least one.`,
    );
  if (to.length > MAX_RECIPIENTS)
    return badInput(
      `${at}.to`,
      `At most ${MAX_RECIPIENTS} recipients, with those of the route; there are ${to.length}. Use a group or a segment.`,
    );
  return to;
}

function entriesOf(
  route: PublishedRoute,
  { caller, user, group, segment, channel, address, userFrom, addressFrom }: RouteRecipient,
  input: SendInput,
  at: string,
): RecipientEntry[] | HeraldError {
  if (caller) return (input.to ?? []).map(withoutNulls<RecipientEntry>);
  if (user !== undefined) return [{ user }];
  if (group !== undefined) return [{ group }];
  if (segment !== undefined) return [{ segment }];
  if (channel !== undefined && address !== undefined) {
    const problem = directAddressProblem(channel, address);
    return problem === undefined
      ? [{ channel, address }]
      : badInput(`${at}.event`, `The route of "${route.event}" names "${address}" on ${channel}: ${problem}`);
  }
  const path = userFrom ?? addressFrom ?? '';
  const field = `${at}.data.${path}`;
  const values = textsAt(input.data, path);
  if (values.length === 0)
    return badInput(
      field,
      `The route of "${route.event}" takes ${userFrom === undefined ? 'an address' : "a user's id"} from here: give a text, or a list of them.`,
    );
  for (const value of values) {
    const problem =
      channel === undefined
        ? isCallerId(value)
          ? undefined
          : 'An id has 1 to 200 printable characters without spaces.'
        : directAddressProblem(channel, value);
    if (problem !== undefined) return badInput(field, problem);
  }
  return values.map((value) => (channel === undefined ? { user: value } : { channel, address: value }));
}

/** A text or a number at a path, or a list of them. */
function textsAt(data: unknown, path: string): string[] {
  const value = valueAt(data, path);
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = all.flatMap((one) =>
    typeof one === 'string' || typeof one === 'number' ? [String(one).trim()] : [],
  );
  return texts.length === all.length ? texts : [];
}
