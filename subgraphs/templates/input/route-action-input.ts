/** Checks the messages of a route. Pure. */
import { type ConditionScope, conditionProblem } from '../../../platform/conditions/condition.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { RouteAction } from '../contract.ts';
import type { RouteActionInput, RouteInput } from '../generated/types.ts';
import { fallbackSteps } from './fallback-input.ts';
import { checkCategory, checkId } from './names.ts';
import { routeRecipients } from './route-recipient-input.ts';

const MAX_ACTIONS = 20;
const NAME = /^[a-z0-9][a-z0-9-]{0,49}$/;
/** Of the one action of a route that names none. */
const ONLY = 'message';

/** @throws HeraldError BAD_USER_INPUT naming the field (`input.actions.1.template`). */
export function routeActions(input: RouteInput): readonly RouteAction[] {
  const { actions, template, channels, fallback, recipients } = input;
  if (template == null) {
    const stray = Object.entries({ channels, fallback, recipients }).find(([, value]) => value != null);
    if (stray) throw badInput(`input.${stray[0]}`, 'Goes with `template`; with `actions` each has its own.');
    return severalActions(actions ?? []);
  }
  if (actions != null)
    throw badInput('input.actions', 'Give `template` for one message, or `actions` for several: not both.');
  const whoElse = routeRecipients('input.recipients', recipients ?? []);
  return [
    actionBody(
      'input',
      {
        name: ONLY,
        template,
        channels: channels ?? null,
        fallback: fallback ?? null,
      },
      whoElse.some(({ caller }) => caller) ? whoElse : [{ caller: true }, ...whoElse],
    ),
  ];
}

function severalActions(actions: readonly RouteActionInput[]): readonly RouteAction[] {
  if (actions.length > MAX_ACTIONS)
    throw badInput(
      'input.actions',
      `A route has at most ${MAX_ACTIONS} actions; there are ${actions.length}.`,
    );
  const names = new Set<string>();
  return actions.map((action, index) => {
    const at = `input.actions.${index}`;
    if (!NAME.test(action.name))
      throw badInput(
        `${at}.name`,
        'Must be 1 to 50 lower-case letters, digits and dashes, for example "customer".',
      );
    if (names.has(action.name)) throw badInput(`${at}.name`, `There is an action "${action.name}" already.`);
    names.add(action.name);
    const recipients = routeRecipients(`${at}.recipients`, action.recipients ?? []);
    return actionBody(at, action, recipients.length > 0 ? recipients : [{ caller: true }]);
  });
}

function actionBody(
  at: string,
  action: RouteActionInput,
  recipients: RouteAction['recipients'],
): RouteAction {
  checkId(`${at}.template`, action.template);
  const category = checkCategory(`${at}.category`, action.category);
  const when = condition(`${at}.when`, 'event', action.when);
  const recipientWhen = condition(`${at}.recipientWhen`, 'recipient', action.recipientWhen);
  const channels = [...new Set(action.channels ?? [])];
  return {
    name: action.name,
    template: action.template,
    ...(when !== undefined && { when }),
    recipients,
    ...(recipientWhen !== undefined && { recipientWhen }),
    channels,
    ...(action.fallback && { fallback: fallbackSteps(`${at}.fallback`, action.fallback, channels) }),
    ...(category !== undefined && { category }),
  };
}

/** @throws HeraldError BAD_USER_INPUT naming `field`. */
export function condition(
  field: string,
  scope: ConditionScope,
  source: string | null | undefined,
): string | undefined {
  if (source == null) return undefined;
  const problem = conditionProblem(scope, source);
  if (problem !== undefined) throw badInput(field, `The condition cannot be used: ${problem}`);
  return source;
}
