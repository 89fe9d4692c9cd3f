/** The sources of all four subgraphs, wherever they run. */
import type { Subgraph, SubgraphName } from '../../platform/graphql/subgraph.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { localSource } from './local-source.ts';
import { RemoteSource } from './remote-source.ts';
import type { SubgraphSource, SubgraphSources } from './subgraph-source.ts';

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
export function subgraphSources(placement: SubgraphPlacement, log: Logger): SubgraphSources {
  const source = (name: SubgraphName): SubgraphSource =>
    placement.kind === 'remote'
      ? new RemoteSource({ name, url: placement.urls[name], gatewaySecret: placement.gatewaySecret, log })
      : localSource(named(placement.subgraphs, name), log);
  return {
    notifications: source('notifications'),
    templates: source('templates'),
    users: source('users'),
    analytics: source('analytics'),
  };
}

function named(subgraphs: readonly Pick<Subgraph, 'name' | 'schema'>[], name: SubgraphName) {
  const subgraph = subgraphs.find((candidate) => candidate.name === name);
  if (!subgraph) throw new Error(`the ${name} subgraph is missing`);
  return subgraph;
}
