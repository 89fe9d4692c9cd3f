/** The graph that a gateway serves: Herald's own, or a supergraph of others. */
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import { SettingsError } from '../../platform/config/settings.ts';
import { ruleFor, type SubgraphRules } from '../../platform/config/subgraph-rules.ts';
import { SUBGRAPH_NAMES } from '../../platform/graphql/subgraph.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { FederatedGatewayOptions } from '../federation/federated-gateway.ts';
import { ForeignSource } from '../subgraph-sources/foreign-source.ts';
import { RemoteSource } from '../subgraph-sources/remote-source.ts';
import { SourceRegistry } from '../subgraph-sources/source-registry.ts';
import type { SubgraphSource } from '../subgraph-sources/subgraph-source.ts';
import { type SubgraphPlacement, subgraphSources } from '../subgraph-sources/subgraph-sources.ts';
import { readSupergraph, type SubgraphAt } from './read-supergraph.ts';
import { composeSupergraph, type SubgraphSdls } from './supergraph.ts';
import { fixedSupergraph, type SupergraphSource } from './supergraph-source.ts';

/** A supergraph from elsewhere. */
export interface SupergraphPlacement {
  readonly kind: 'supergraph';
  readonly supergraph: SupergraphSource;
  readonly rules: SubgraphRules;
  /**
   * `herald`: callers are Herald's, and its users subgraph, which must be in the supergraph, knows them. `none`: who
   * calls is the subgraphs' own business; refused where Herald's subgraphs are among them, which would let everybody in.
   */
  readonly auth: 'herald' | 'none';
  /** HERALD_GATEWAY_SECRET, for Herald's own subgraphs in it; nobody else gets it. */
  readonly gatewaySecret?: string | undefined;
}

type Graph = Omit<FederatedGatewayOptions, 'log'>;

/** @throws CompositionError when the subgraphs do not fit together; Error when one is missing. */
export function ownGraph(placement: SubgraphPlacement, sdls: SubgraphSdls, log: Logger): Graph {
  return {
    supergraph: fixedSupergraph(composeSupergraph(sdls)),
    sources: subgraphSources(placement, log),
    subgraphSchemas: Object.fromEntries(SUBGRAPH_NAMES.map((name) => [name, schemaOf(sdls[name])])),
  };
}

export function supergraphOf(placement: SupergraphPlacement, log: Logger): Graph {
  const { auth, rules, gatewaySecret } = placement;
  const own = new Set<string>();
  const connect = ({ name, url }: SubgraphAt): SubgraphSource => {
    const rule = ruleFor(rules, name);
    if (!own.has(name)) return new ForeignSource({ name, url, rule, log });
    if (gatewaySecret === undefined) throw new Error('HERALD_GATEWAY_SECRET is not set');
    return new RemoteSource({ name, url: rule.url ?? url, gatewaySecret, log });
  };
  const sources = new SourceRegistry(connect);
  return {
    supergraph: placement.supergraph,
    sources,
    prepare: (sdl) => {
      const { subgraphs, isHeralds } = readSupergraph(sdl);
      if (auth === 'none' && isHeralds)
        throw new SettingsError([
          "--auth none is refused: Herald's own subgraphs are in this supergraph, and everybody could read and send everything. Leave it out.",
        ]);
      if (auth === 'herald' && !isHeralds)
        throw new SettingsError([
          "--auth: nothing in this supergraph knows Herald's keys and tokens (its users subgraph does): start with --auth none to leave it to the subgraphs who may call.",
        ]);
      own.clear();
      if (isHeralds) for (const name of SUBGRAPH_NAMES) own.add(name);
      sources.use(subgraphs);
    },
  };
}

/** Only to see which documents the subgraph could answer alone: nothing is ever executed with it. */
const schemaOf = (sdl: string): GraphQLSchema => buildSubgraphSchema({ typeDefs: parse(sdl) });
