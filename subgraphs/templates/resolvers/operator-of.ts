/** The operator who changes something. */
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import type { Publisher } from '../service/publishing.ts';

/** @throws HeraldError UNAUTHENTICATED, FORBIDDEN. */
export function operatorOf(
  context: RequestContext,
  note?: string | null,
): { readonly workspace: string; readonly publisher: Publisher } {
  const { workspace, name } = requirePrincipal(context, 'operator');
  return { workspace, publisher: { by: name, ...(note != null && { note }) } };
}
