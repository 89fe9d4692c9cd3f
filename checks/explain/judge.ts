/** What an `explain` says of a query's cost: read from the answer, independent of the engine. Pure. */

export interface Cost {
  /** Every stage of the plan that was chosen, outermost first. */
  readonly stages: readonly string[];
  /** Names of the indexes that are read. */
  readonly indexes: readonly string[];
  readonly keysExamined: number;
  readonly docsExamined: number;
}

/** Reads every stored document. */
const SCANS = ['COLLSCAN'];
/** Holds all that matches in memory before it answers the first. */
const SORTS = ['SORT'];

/** @throws Error when the answer has no plan or no figures: the engine does not explain. */
export function costOf(explained: unknown): Cost {
  const stages: string[] = [];
  const indexes = new Set<string>();
  const plans = found(explained, 'winningPlan');
  const stats = found(explained, 'executionStats').filter(isRecord);
  for (const plan of plans)
    walk(plan, (node) => {
      if (typeof node.stage === 'string') stages.push(node.stage);
      if (typeof node.indexName === 'string') indexes.add(node.indexName);
    });
  if (stages.length === 0 || stats.length === 0)
    throw new Error(`not an explained query: ${JSON.stringify(explained).slice(0, 500)}`);
  const sum = (name: string) => stats.reduce((total, own) => total + Number(own[name] ?? 0), 0);
  return {
    stages,
    indexes: [...indexes],
    keysExamined: sum('totalKeysExamined'),
    docsExamined: sum('totalDocsExamined'),
  };
}

/** What is wrong with it; undefined when nothing is. `limit` bounds the keys, and the documents, looked at. */
export function problemOf(
  cost: Cost,
  { limit, maySort = false }: { readonly limit: number; readonly maySort?: boolean },
): string | undefined {
  const scan = cost.stages.find((stage) => SCANS.includes(stage));
  if (scan !== undefined) return `reads the whole collection (${scan})`;
  const sort = cost.stages.find((stage) => SORTS.includes(stage));
  if (sort !== undefined && !maySort) return `sorts what it found in memory (${sort})`;
  if (cost.keysExamined > limit) return `examines ${cost.keysExamined} keys, more than ${limit}`;
  if (cost.docsExamined > limit) return `examines ${cost.docsExamined} documents, more than ${limit}`;
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The outermost values of this name, wherever they are: an aggregation has them deeper than a find. */
function found(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value.flatMap((entry) => found(entry, name));
  if (!isRecord(value)) return [];
  if (name in value) return [value[name]];
  return Object.values(value).flatMap((entry) => found(entry, name));
}

function walk(value: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const entry of value) walk(entry, visit);
  if (!isRecord(value)) return;
  visit(value);
  for (const entry of Object.values(value)) walk(entry, visit);
}
