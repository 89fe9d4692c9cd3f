/** The import and the line of a provider in dispatcher/channels/registry.ts. Pure. */
import type { NewProvider } from './new-provider-plan.ts';

const LIST = /^export const PROVIDERS: readonly ProviderDefinition\[\] = \[\n([\s\S]*?)^\];$/m;
const IMPORT = /^import \{ \w+ \} from '\.\/([a-z0-9-]+)\/provider\.ts';\n/gm;

/** Whether the registry imports a provider of this id. */
export const hasProvider = (source: string, id: string): boolean =>
  [...source.matchAll(IMPORT)].some(([, known]) => known === id);

/** The definition's name in the registry: with a suffix where the word means something there already. */
export const identifierIn = (source: string, { id, identifier }: NewProvider): string =>
  !hasProvider(source, id) && new RegExp(`\\b${identifier}\\b`).test(source)
    ? `${identifier}Provider`
    : identifier;

/**
 * The registry with the provider at the end of its list; the same where it is there already.
 * @returns undefined for a registry without imports and list as they are known here.
 */
export function withProvider(
  source: string,
  { id, identifier }: Pick<NewProvider, 'id' | 'identifier'>,
): string | undefined {
  const list = LIST.exec(source);
  const imports = [...source.matchAll(IMPORT)];
  const last = imports.at(-1);
  if (!list || !last) return undefined;
  const lines = list[1] ?? '';
  const listed = new RegExp(`^ {2}${identifier},$`, 'm').test(lines);
  const withLine = listed
    ? source
    : source.replace(list[0], () => list[0].replace(/\];$/, `  ${identifier},\n];`));
  if (hasProvider(source, id)) return withLine;
  const next = imports.find(([, other = '']) => other > id);
  const at = next ? next.index : last.index + last[0].length;
  // The list stands below the imports: what was put into it has not moved them.
  return `${withLine.slice(0, at)}import { ${identifier} } from './${id}/provider.ts';\n${withLine.slice(at)}`;
}
