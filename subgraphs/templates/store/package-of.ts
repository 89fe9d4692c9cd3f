/** The id of the package that something belongs to. Pure. */
import type { HeadRecord } from './records.ts';

export const packageOf = ({
  workspace,
  packageKey,
}: Pick<HeadRecord<unknown>, 'workspace' | 'packageKey'>): string | undefined =>
  packageKey?.slice(workspace.length + 1);
