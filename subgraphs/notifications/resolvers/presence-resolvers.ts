/** Who is online. A user sees nobody but themselves. */
import DataLoader from 'dataloader';
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import type { UserResolvers } from '../generated/types.ts';
import type { ResolverDeps } from './deps.ts';

export function presenceResolvers({ online }: Pick<ResolverDeps, 'online'>): UserResolvers {
  const byContext = new WeakMap<RequestContext, DataLoader<string, boolean>>();
  /** One question for all users of a request's answer. */
  const loaderOf = (context: RequestContext): DataLoader<string, boolean> => {
    const known = byContext.get(context);
    if (known) return known;
    const { workspace } = requirePrincipal(context, 'app', 'operator', 'user');
    const made = new DataLoader<string, boolean>(
      async (ids) => {
        const found = await online(workspace, ids);
        return ids.map((id) => found.has(id));
      },
      { cache: false, maxBatchSize: 1_000 },
    );
    byContext.set(context, made);
    return made;
  };
  return {
    __resolveReference({ id }, { principal }) {
      return principal?.kind === 'user' && principal.user !== id ? null : { id };
    },
    online: ({ id }, _, context) => loaderOf(context).load(id),
  };
}
