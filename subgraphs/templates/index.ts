/** The door of the templates subgraph: templates and routes, drafts and published versions. */
import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/index.js';
import { parse } from 'graphql';
import type { Connection } from 'mongoose';
import { DateTimeScalar, JsonScalar } from '../../platform/graphql/scalars.ts';
import type { Subgraph } from '../../platform/graphql/subgraph.ts';
import type { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { Compilers } from './compiler/compiler.ts';
import type { Directory, FindPerson, TemplatesService } from './contract.ts';
import { ensureDemo } from './demo.ts';
import type { Resolvers } from './generated/types.ts';
import { PackageDrafts } from './packages/package-drafts.ts';
import { PackageFiles } from './packages/package-files.ts';
import { PartialDrafts } from './partials/partial-drafts.ts';
import { createLoaders } from './resolvers/loaders.ts';
import { packageResolvers } from './resolvers/package-resolvers.ts';
import { partialResolvers } from './resolvers/partial-resolvers.ts';
import { routeResolvers } from './resolvers/route-resolvers.ts';
import { templateResolvers } from './resolvers/template-resolvers.ts';
import { publishedReader } from './service/published.ts';
import { RouteDrafts } from './service/route-drafts.ts';
import { TemplateDrafts } from './service/template-drafts.ts';
import { Stores } from './store/stores.ts';

export type {
  CompiledTemplate,
  FallbackStep,
  FallbackSuccess,
  FindPerson,
  PublishedRoute,
  RouteAction,
  RouteRecipient,
  TemplatesService,
  TestedTemplate,
} from './contract.ts';
export { valueAt } from './input/data-path.ts';
export { type FallbackStepInput, fallbackSteps } from './input/fallback-input.ts';
export { isLocale } from './sources/locale.ts';

/** SDL of the subgraph, as composed into the supergraph. */
export const templatesSdl = (): string => readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8');

export interface TemplatesDependencies {
  readonly connection: Connection;
  /** Started. The subgraph's caches follow it until the process ends. */
  readonly bus: InvalidationBus;
  readonly directory: Directory;
  readonly log: Logger;
  /** For previews; without it nobody is known. */
  readonly findPerson?: FindPerson;
}

export interface TemplatesRoom {
  readonly service: TemplatesService;
  readonly subgraph: Subgraph;
  /** Makes and publishes the demo's templates and route where they are not there. */
  ensureDemo(workspace: string): Promise<void>;
}

/** Once for each connection. Creates the collections that are missing. */
export async function createTemplatesSubgraph({
  connection,
  bus,
  directory,
  log,
  findPerson = async () => undefined,
}: TemplatesDependencies): Promise<TemplatesRoom> {
  const stores = new Stores(connection);
  await stores.ensureCollections();

  const published = publishedReader(stores, bus, log);
  const compilers = new Compilers();
  const templates = new TemplateDrafts(stores, compilers, findPerson, bus, log);
  const routes = new RouteDrafts(stores, bus, log);
  const partials = new PartialDrafts(stores, compilers, bus, log);
  const packages = new PackageDrafts(stores, compilers, directory, bus, log);
  const loaders = createLoaders(templates, routes, partials, packages);
  const ofTemplates = templateResolvers(templates, loaders);
  const ofRoutes = routeResolvers(routes, directory, loaders);
  const ofPartials = partialResolvers(partials, loaders);
  const files = new PackageFiles(stores, compilers, directory, log);
  const ofPackages = packageResolvers(packages, files, loaders);
  const resolvers: Resolvers = {
    ...ofTemplates,
    ...ofRoutes,
    ...ofPartials,
    ...ofPackages,
    Query: { ...ofTemplates.Query, ...ofRoutes.Query, ...ofPartials.Query, ...ofPackages.Query },
    Mutation: {
      ...ofTemplates.Mutation,
      ...ofRoutes.Mutation,
      ...ofPartials.Mutation,
      ...ofPackages.Mutation,
    },
    DateTime: DateTimeScalar,
    JSON: JsonScalar,
  };
  const schema = buildSubgraphSchema({
    typeDefs: parse(templatesSdl()),
    resolvers: resolvers as GraphQLResolverMap<unknown>,
  });
  return {
    service: {
      ...published,
      testedTemplate: (workspace, id, version) => templates.tested(workspace, id, version),
    },
    subgraph: { name: 'templates', schema, close: () => compilers.close() },
    ensureDemo: (workspace) => ensureDemo(workspace, templates, routes),
  };
}
