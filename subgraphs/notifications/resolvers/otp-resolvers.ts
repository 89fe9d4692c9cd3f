/** One-time passwords: requestOtp and verifyOtp. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import type { MutationResolvers } from '../generated/types.ts';
import type { ResolverDeps } from './deps.ts';
import { sending } from './sending.ts';

export function otpResolvers(
  deps: ResolverDeps,
): Required<Pick<MutationResolvers, 'requestOtp' | 'verifyOtp'>> {
  const { senderOf, allowance } = sending(deps);
  return {
    async requestOtp(_, { input }, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const { refusal } = await allowance(principal, 1);
      if (refusal) throw refusal;
      const { maskedAddress, ...asked } = await deps.otps.request(
        senderOf(principal, context.requestId),
        input,
      );
      return { ...asked, maskedAddress: maskedAddress ?? null };
    },

    async verifyOtp(_, args, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const { workspace, app } = senderOf(principal, context.requestId);
      const answer = await deps.otps.verify({ workspace, app, anyApp: principal.kind === 'operator' }, args);
      return {
        status: answer.status,
        attemptsLeft: answer.status === 'WRONG' ? answer.attemptsLeft : null,
        lockedUntil: answer.status === 'LOCKED' ? answer.lockedUntil : null,
      };
    },
  };
}
