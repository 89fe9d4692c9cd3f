/** Composes the one graph from the subgraphs' schema files. */
import { readFile } from 'node:fs/promises';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { messageOf } from '../../platform/errors/message-of.ts';
import { SUBGRAPH_NAMES, type SubgraphName } from '../../platform/graphql/subgraph.ts';

/** The schema of each subgraph, as SDL. */
export type SubgraphSdls = Readonly<Record<SubgraphName, string>>;

/** The subgraphs do not fit together: all reasons at once. */
export class CompositionError extends Error {
  override readonly name = 'CompositionError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The subgraphs do not compose:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Reads `subgraphs/<name>/schema.graphql` of all subgraphs. @throws Error when one is missing. */
export async function readSubgraphSdls(): Promise<SubgraphSdls> {
  const read = (name: SubgraphName) =>
    readFile(new URL(`../../subgraphs/${name}/schema.graphql`, import.meta.url), 'utf8');
  const [notifications, templates, users, analytics] = await Promise.all([
    read('notifications'),
    read('templates'),
    read('users'),
    read('analytics'),
  ]);
  return { notifications, templates, users, analytics };
}

/**
 * @returns the supergraph as SDL.
 * @throws CompositionError with every reason why the subgraphs do not compose (including a syntax error in one).
 */
export function composeSupergraph(sdls: SubgraphSdls): string {
  const problems: string[] = [];
  const services = SUBGRAPH_NAMES.flatMap((name) => {
    try {
      // The gateway asks `buildService` for each subgraph, the URL is never called.
      return [{ name, url: `http://${name}.subgraph`, typeDefs: parse(sdls[name]) }];
    } catch (error) {
      problems.push(`[${name}] ${messageOf(error)}`);
      return [];
    }
  });
  if (problems.length > 0) throw new CompositionError(problems);
  const composed = composeServices(services);
  if (composed.errors) throw new CompositionError(composed.errors.map((error) => error.message));
  return composed.supergraphSdl;
}
