/** The sources of Herald's own four subgraphs, wherever they run. */
import { SUBGRAPH_NAMES, type Subgraph, type SubgraphName } from '../../platform/graphql/subgraph.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { localSource } from './local-source.ts';
import { RemoteSource } from './remote-source.ts';
import { SourceRegistry } from './source-registry.ts';

/** Where the subgraphs run: in this process, or behind the URLs of their `/graphql`. */
export type SubgraphPlacement =
  | { readonly kind: 'in-process'; readonly subgraphs: readonly Pick<Subgraph, 'name' | 'schema'>[] }
  | {
      readonly kind: 'remote';
      readonly urls: Readonly<Record<SubgraphName, string>>;
      /** HERALD_GATEWAY_SECRET. */
      readonly gatewaySecret: string;
    };

/** @throws Error when a subgraph is missing among those in this process. */
export function subgraphSources(placement: SubgraphPlacement, log: Logger): SourceRegistry {
  if (placement.kind === 'remote') {
    const { urls, gatewaySecret } = placement;
    const registry = new SourceRegistry((at) => new RemoteSource({ ...at, gatewaySecret, log }));
    registry.use(SUBGRAPH_NAMES.map((name) => ({ name, url: urls[name] })));
    return registry;
  }
  const registry = new SourceRegistry(({ name }) => localSource(named(placement.subgraphs, name), log));
  registry.use(SUBGRAPH_NAMES.map((name) => ({ name, url: '' })));
  return registry;
}

function named(subgraphs: readonly Pick<Subgraph, 'name' | 'schema'>[], name: string) {
  const subgraph = subgraphs.find((candidate) => candidate.name === name);
  if (!subgraph) throw new Error(`the ${name} subgraph is missing`);
  return subgraph;
}
