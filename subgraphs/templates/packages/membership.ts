/** What it means for templates, routes and partials to belong to a package. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { Change } from '../store/change.ts';
import type { HeadRecord } from '../store/records.ts';
import type { Stores } from '../store/stores.ts';

/** @throws HeraldError BAD_USER_INPUT (`input.package`) when there is no such package. */
export async function checkPackage(
  stores: Stores,
  workspace: string,
  packageId: string | null | undefined,
): Promise<void> {
  if (packageId == null) return;
  if (!(await stores.packages.heads(workspace, [packageId])).has(packageId))
    throw badInput('input.package', `There is no package "${packageId}". Make it with savePackage first.`);
}

/** A member goes with the next publish of its package; at once where it was never published. Pure. */
export function removalFromPackage<Body>(head: HeadRecord<Body>): {
  readonly change: Change<Body>;
  readonly result: 'REMOVED' | 'MARKED';
} {
  const { workspace, id } = head;
  return head.published === undefined
    ? { change: { kind: 'discard', workspace, id, head }, result: 'REMOVED' }
    : { change: { kind: 'markRemoval', workspace, id, head }, result: 'MARKED' };
}
