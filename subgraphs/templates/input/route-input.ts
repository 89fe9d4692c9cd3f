/** Checks what `saveRoute` is given, and turns it into what is stored. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { DigestRule, FollowUp, RouteBody } from '../contract.ts';
import type { RouteDigestInput, RouteFollowUpInput, RouteInput } from '../generated/types.ts';
import { checkPath } from './data-path.ts';
import { checkCategory, checkNewId } from './names.ts';
import { condition, routeActions } from './route-action-input.ts';

const DAY_SECONDS = 24 * 60 * 60;
const MAX_SECONDS = 30 * DAY_SECONDS;
const MAX_DIGEST_SECONDS = 7 * DAY_SECONDS;
const MAX_ITEMS = 1_000;
const MAX_CANCEL_ON = 20;
const MAX_FOLLOW_UPS = 10;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;

/**
 * The route to store. Pure: whether its templates are there, and whether its follow-ups lead back to it, is the
 * caller's to check.
 * @throws HeraldError BAD_USER_INPUT naming the field (`input.recipients.0.address`).
 */
export function routeBody(input: RouteInput): RouteBody {
  checkNewId('input.event', input.event);
  const actions = routeActions(input);
  const category = checkCategory('input.category', input.category);
  const when = condition('input.when', 'event', input.when);
  const delaySeconds = input.delaySeconds ?? 0;
  if (!isWithin(delaySeconds, 0, MAX_SECONDS))
    throw badInput('input.delaySeconds', `The delay is 0 to ${MAX_SECONDS} seconds (30 days).`);
  const { once, throttle, digest, expiresAfterSeconds } = input;
  if (once) seconds('input.once.windowSeconds', once.windowSeconds, MAX_SECONDS);
  if (throttle) {
    seconds('input.throttle.windowSeconds', throttle.windowSeconds, MAX_SECONDS);
    if (!isWithin(throttle.max, 1, 1_000)) throw badInput('input.throttle.max', 'Must be 1 to 1000.');
  }
  if (expiresAfterSeconds != null) seconds('input.expiresAfterSeconds', expiresAfterSeconds, MAX_SECONDS);
  if (digest && once)
    throw badInput('input.once', 'A digest collects all events of its key: leave `once` or `digest` out.');
  const body: RouteBody = {
    ...(when !== undefined && { when }),
    actions,
    priority: input.priority ?? 'MEDIUM',
    ...(category !== undefined && { category }),
    delaySeconds,
    cancelOn: cancelOn(input),
    ...(input.key != null && { key: checkPath('input.key', input.key) }),
    ...(once && { once: { windowSeconds: once.windowSeconds } }),
    ...(throttle && { throttle: { max: throttle.max, windowSeconds: throttle.windowSeconds } }),
    ...(digest && { digest: digestRule(digest) }),
    quietHours: input.quietHours ?? 'HOLD',
    ...(expiresAfterSeconds != null && { expiresAfterSeconds }),
    followUps: followUps(input.event, input.followUps ?? []),
  };
  checkKey(body);
  return body;
}

const isWithin = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

function seconds(field: string, value: number, most: number): void {
  if (!isWithin(value, 1, most))
    throw badInput(field, `Must be 1 to ${most} seconds (${most / DAY_SECONDS} days); it is ${value}.`);
}

function checkKey({ key, cancelOn, once }: RouteBody): void {
  if (key !== undefined) return;
  const needs = cancelOn.length > 0 ? 'cancelOn' : once ? 'once' : undefined;
  if (needs)
    throw badInput(
      'input.key',
      `\`${needs}\` goes by a key: say where the data has it, for example "order.id".`,
    );
}

function cancelOn({ event, cancelOn, delaySeconds }: RouteInput): readonly string[] {
  const events = [...new Set(cancelOn ?? [])];
  if (events.length > MAX_CANCEL_ON)
    throw badInput('input.cancelOn', `At most ${MAX_CANCEL_ON} events; there are ${events.length}.`);
  for (const [index, name] of events.entries()) {
    checkNewId(`input.cancelOn.${index}`, name);
    if (name === event)
      throw badInput(`input.cancelOn.${index}`, `"${event}" would cancel itself: name another event.`);
  }
  if (events.length > 0 && !delaySeconds)
    throw badInput('input.delaySeconds', 'What is sent at once cannot be cancelled: give a delay.');
  return events;
}

function digestRule({ windowSeconds, at, maxItems }: RouteDigestInput): DigestRule {
  if ((windowSeconds == null) === (at == null))
    throw badInput('input.digest', 'Give exactly one of windowSeconds and at.');
  if (maxItems != null && !isWithin(maxItems, 1, MAX_ITEMS))
    throw badInput('input.digest.maxItems', `Must be 1 to ${MAX_ITEMS}; it is ${maxItems}.`);
  const most = { maxItems: maxItems ?? MAX_ITEMS };
  if (at != null) {
    if (!TIME_OF_DAY.test(at))
      throw badInput('input.digest.at', `Must be a time of the day, for example "18:00"; it is "${at}".`);
    return { at, ...most };
  }
  seconds('input.digest.windowSeconds', windowSeconds ?? 0, MAX_DIGEST_SECONDS);
  return { windowSeconds: windowSeconds ?? 0, ...most };
}

function followUps(event: string, inputs: readonly RouteFollowUpInput[]): readonly FollowUp[] {
  if (inputs.length > MAX_FOLLOW_UPS)
    throw badInput('input.followUps', `At most ${MAX_FOLLOW_UPS}; there are ${inputs.length}.`);
  return inputs.map((followUp, index) => {
    const at = `input.followUps.${index}`;
    checkNewId(`${at}.event`, followUp.event);
    if (followUp.event === event)
      throw badInput(`${at}.event`, `"${event}" would bring itself about, without end: name another event.`);
    const afterSeconds = followUp.afterSeconds ?? 0;
    if (!isWithin(afterSeconds, 0, MAX_SECONDS))
      throw badInput(`${at}.afterSeconds`, `Must be 0 to ${MAX_SECONDS} seconds (30 days).`);
    const when = condition(`${at}.when`, 'event', followUp.when);
    return { event: followUp.event, afterSeconds, ...(when !== undefined && { when }) };
  });
}
