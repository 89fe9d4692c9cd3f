/** Checks what lists are filtered by. Pure. */
import { badInput } from '../../../platform/errors/herald-error.ts';

/**
 * @param lists those of the filter's members that are lists.
 * @throws HeraldError BAD_USER_INPUT (`filter.state`) for a filter that can let nothing through.
 */
export function checkFilter<
  Filter extends { readonly from?: Date | undefined; readonly to?: Date | undefined },
  List extends string,
>(
  filter: Filter & Readonly<Partial<Record<List, readonly unknown[] | undefined>>>,
  ...lists: readonly List[]
): void {
  for (const name of lists)
    if (filter[name]?.length === 0)
      throw badInput(`filter.${name}`, 'Name at least one, or leave it out for all.');
  if (filter.from && filter.to && filter.from >= filter.to)
    throw badInput('filter.to', 'Must be after filter.from.');
}
