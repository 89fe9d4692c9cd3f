/** sendNotification(s), cancel, replay. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import type { SendInput } from '../accept/check-input.ts';
import { actorOf } from '../audit/actor.ts';
import { cancelNotification } from '../change/cancel.ts';
import { replayNotification } from '../change/replay-notification.ts';
import type { MutationResolvers } from '../generated/types.ts';
import { countTest } from '../provider-accounts/test-limit.ts';
import { sendTest, type TestInput } from '../test-sends/send-test.ts';
import type { ResolverDeps } from './deps.ts';
import type { Lookup } from './lookup.ts';
import { sending } from './sending.ts';

const MAX_INPUTS = 1_000;

type SendMutations = Required<
  Pick<
    MutationResolvers,
    'sendNotification' | 'sendNotifications' | 'sendTest' | 'cancelNotification' | 'replayNotification'
  >
>;

export function sendResolvers(deps: ResolverDeps, find: Lookup): SendMutations {
  const { senderOf, allowance } = sending(deps);
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

    async sendTest(_, args, context) {
      const operator = requirePrincipal(context, 'operator');
      const sender = senderOf(operator, context.requestId);
      const count = (workspace: string) => countTest(workspace, deps.redis, deps.names);
      return {
        notifications: await sendTest({ ...deps, count }, sender, withoutNulls<TestInput>(args)),
      };
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
