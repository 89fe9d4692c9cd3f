/** In whose name a caller sends, and how much of it now. */
import type { Principal } from '../../../platform/auth/principal.ts';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Sender } from '../accept/to-record.ts';
import type { ResolverDeps } from './deps.ts';

export interface Sending {
  senderOf(principal: Principal, requestId: string): Sender;
  /** How many of `wanted` sends may go on now, and what to answer to the others. Operators are not limited. */
  allowance(principal: Principal, wanted: number): Promise<{ granted: number; refusal?: HeraldError }>;
}

export const sending = (deps: Pick<ResolverDeps, 'consoleApp' | 'rateLimiter'>): Sending => ({
  senderOf: (principal, requestId) => ({
    requestId,
    workspace: principal.workspace,
    app: principal.kind === 'app' ? principal.app : deps.consoleApp(principal.workspace),
    ...(principal.kind === 'app' && principal.may && { may: principal.may }),
  }),
  async allowance(principal, wanted) {
    if (principal.kind !== 'app') return { granted: wanted };
    const { granted, retryAfterMs } = await deps.rateLimiter.take(principal, wanted);
    if (granted === wanted) return { granted };
    const message = `The app may send ${principal.ratePerSecond} notifications a second. Try again in ${retryAfterMs} ms.`;
    return { granted, refusal: new HeraldError('RATE_LIMITED', message, { retryAfterMs }) };
  },
});
