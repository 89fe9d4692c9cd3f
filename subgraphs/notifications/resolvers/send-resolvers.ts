/** sendNotification(s), cancel, replay. */
import { type Principal, requirePrincipal } from '../../../platform/auth/principal.ts';
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import type { SendInput } from '../accept/check-input.ts';
import type { Sender } from '../accept/to-record.ts';
import { actorOf } from '../audit/actor.ts';
import { cancelNotification } from '../change/cancel.ts';
import { replayNotification } from '../change/replay-notification.ts';
import type { MutationResolvers } from '../generated/types.ts';
import type { ResolverDeps } from './deps.ts';
import type { Lookup } from './lookup.ts';

const MAX_INPUTS = 1_000;

type SendMutations = Required<
  Pick<
    MutationResolvers,
    'sendNotification' | 'sendNotifications' | 'cancelNotification' | 'replayNotification'
  >
>;

export function sendResolvers(deps: ResolverDeps, find: Lookup): SendMutations {
  const senderOf = (principal: Principal, requestId: string): Sender => ({
    requestId,
    workspace: principal.workspace,
    app: principal.kind === 'app' ? principal.app : deps.consoleApp(principal.workspace),
  });
  /** How many of `wanted` sends may go on now, and what to answer to the others. Operators are not limited. */
  const allowance = async (
    principal: Principal,
    wanted: number,
  ): Promise<{ granted: number; refusal?: HeraldError }> => {
    if (principal.kind !== 'app') return { granted: wanted };
    const { granted, retryAfterMs } = await deps.rateLimiter.take(principal, wanted);
    if (granted === wanted) return { granted };
    const message = `The app may send ${principal.ratePerSecond} notifications a second. Try again in ${retryAfterMs} ms.`;
    return { granted, refusal: new HeraldError('RATE_LIMITED', message, { retryAfterMs }) };
  };
  return {
    async sendNotification(_, { input }, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const sender = senderOf(principal, context.requestId);
      const { refusal } = await allowance(principal, 1);
      if (refusal) throw refusal;
      const [result] = await deps.accept.accept(sender, [input as SendInput], ['input']);
      if (!result) throw new HeraldError('INTERNAL_SERVER_ERROR', 'The send was not decided.');
      if (result instanceof HeraldError) throw result;
      return result;
    },

    async sendNotifications(_, { inputs }, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const sender = senderOf(principal, context.requestId);
      if (inputs.length === 0 || inputs.length > MAX_INPUTS)
        throw badInput('inputs', `Give 1 to ${MAX_INPUTS} inputs; there are ${inputs.length}.`);
      const { granted, refusal } = await allowance(principal, inputs.length);
      const allowed = inputs.slice(0, granted);
      const paths = allowed.map((_input, index) => `inputs.${index}`);
      const results = await deps.accept.accept(sender, allowed as SendInput[], paths);
      const refused = refusal ? inputs.slice(granted).map(() => refusal) : [];
      return [...results, ...refused].map((result) =>
        result instanceof HeraldError
          ? {
              deduplicated: false,
              error: { code: result.code, field: result.field ?? null, message: result.message },
            }
          : result,
      );
    },

    async cancelNotification(_, { id }, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const record = await find.notification(principal, id, context);
      return cancelNotification(deps, record, actorOf(principal));
    },

    async replayNotification(_, { id, deliveries }, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const original = await find.notification(principal, id, context);
      return replayNotification(deps, original, deliveries ?? undefined, actorOf(principal));
    },
  };
}
