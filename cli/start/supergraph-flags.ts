/** The flags of `herald start` that say which graph a gateway serves. Pure. */
import type { Role } from '../../platform/config/roles.ts';
import type { NamedUrl, SupergraphFlags } from '../../platform/lifecycle/run-options.ts';
import { CommandFailure } from '../failure.ts';

export interface StartFlags {
  readonly role?: Role;
  readonly supergraph?: string;
  readonly subgraph?: readonly string[];
  readonly auth?: 'herald' | 'none';
}

/**
 * @returns nothing where Herald's own graph is served.
 * @throws CommandFailure that names the flag that is wrong.
 */
export function supergraphFlags(
  role: Role | undefined,
  { supergraph, subgraph, auth }: Omit<StartFlags, 'role'>,
): SupergraphFlags | undefined {
  const given = [supergraph && '--supergraph', subgraph && '--subgraph', auth && '--auth'].filter(Boolean);
  if (given.length === 0) return undefined;
  if (role !== 'gateway')
    throw new CommandFailure(`${given[0]} is for a gateway alone: add --role gateway, or leave it out.`);
  if (supergraph !== undefined && subgraph !== undefined)
    throw new CommandFailure('Give --supergraph or --subgraph, not both: the graph comes from one of them.');
  if (supergraph !== undefined) return { from: { file: supergraph }, auth: auth ?? 'herald' };
  if (subgraph !== undefined) return { from: { subgraphs: namedUrls(subgraph) }, auth: auth ?? 'herald' };
  throw new CommandFailure(
    "--auth is for --supergraph or --subgraph: Herald's own graph always asks who is calling.",
  );
}

function namedUrls(texts: readonly string[]): readonly NamedUrl[] {
  const found = new Map<string, NamedUrl>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const [name, url] = [text.slice(0, at), text.slice(at + 1)];
    if (!/^[A-Za-z][\w-]*$/.test(name) || !/^https?:\/\//.test(url) || !URL.canParse(url))
      throw new CommandFailure(
        `--subgraph "${text}" must be a name and a URL, like products=http://localhost:4001/graphql.`,
      );
    if (found.has(name)) throw new CommandFailure(`--subgraph ${name} is there more than once.`);
    found.set(name, { name, url });
  }
  return [...found.values()];
}
