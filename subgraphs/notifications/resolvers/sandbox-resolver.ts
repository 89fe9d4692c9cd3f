/** What the sandbox took: of their workspace for operators, of their own notifications for apps. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { QueryResolvers } from '../generated/types.ts';
import { maySee } from '../read/visibility.ts';
import { SANDBOX_KEPT } from '../sandbox/sandbox-store.ts';
import type { loadersOf, ResolverDeps } from './deps.ts';

const USUAL_SIZE = 25;

export const sandboxResolver =
  (
    deps: Pick<ResolverDeps, 'sandbox'>,
    loaders: ReturnType<typeof loadersOf>,
  ): NonNullable<QueryResolvers['sandboxMessages']> =>
  async (_, { first }, context) => {
    const principal = requirePrincipal(context, 'app', 'operator');
    const size = first ?? USUAL_SIZE;
    if (size < 1 || size > SANDBOX_KEPT)
      throw badInput('first', `Must be 1 to ${SANDBOX_KEPT}; it is ${size}.`);
    if (principal.kind === 'operator') return deps.sandbox.newest(principal.workspace, size);
    const kept = await deps.sandbox.newest(principal.workspace, SANDBOX_KEPT);
    const records = await Promise.all(
      kept.map(({ notification }) => loaders(context).notifications.load(notification)),
    );
    return kept
      .filter((_message, index) => {
        const record = records[index];
        return record !== undefined && maySee(principal, record);
      })
      .slice(0, size);
  };
