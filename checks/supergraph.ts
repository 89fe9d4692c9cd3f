/** The supergraph of the schema files as they are, composed by the gateway's own code. */
import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { type GraphQLSchema, parse } from 'graphql';
import { composeSupergraph, type SubgraphSdls } from '../gateway/supergraph/supergraph.ts';

/** What callers see of the graph. @throws CompositionError. */
export const apiSchema = (sdls: SubgraphSdls): GraphQLSchema =>
  Supergraph.build(composeSupergraph(sdls)).apiSchema().toGraphQLJSSchema();

/** What composition finds doubtful without failing, for example a description that differs between subgraphs. */
export function compositionHints(sdls: SubgraphSdls): string[] {
  const services = Object.entries(sdls).map(([name, sdl]) => ({ name, url: '', typeDefs: parse(sdl) }));
  return composeServices(services).hints?.map((hint) => hint.toString()) ?? [];
}
