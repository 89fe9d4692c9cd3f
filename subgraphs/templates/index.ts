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
import type { RouteBody, TemplatesService } from './contract.ts';
import { ensureDemo } from './demo.ts';
import type { Resolvers } from './generated/types.ts';
import { createLoaders } from './resolvers/loaders.ts';
import { routeResolvers } from './resolvers/route-resolvers.ts';
import { templateResolvers } from './resolvers/template-resolvers.ts';
import { publishedReader } from './service/published.ts';
import { RouteDrafts } from './service/route-drafts.ts';
import { TemplateDrafts } from './service/template-drafts.ts';
import { cancellableRoutes } from './store/cancellable-routes.ts';
import { DraftStore } from './store/draft-store.ts';
import { templatesModels } from './store/models.ts';
import type { TemplateBody, TemplateSummary } from './store/records.ts';

export type {
  CompiledTemplate,
  FallbackStep,
  FallbackSuccess,
  FollowUp,
  PublishedRoute,
  QuietHoursRule,
  RouteAction,
  RouteRecipient,
  TemplatesService,
} from './contract.ts';
export { valueAt } from './input/data-path.ts';
export { type FallbackStepInput, fallbackSteps } from './input/fallback-input.ts';

/** SDL of the subgraph, as composed into the supergraph. */
export const templatesSdl = (): string => readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8');

export interface TemplatesDependencies {
  readonly connection: Connection;
  /** Started. The subgraph's caches follow it until the process ends. */
  readonly bus: InvalidationBus;
  readonly log: Logger;
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
  log,
}: TemplatesDependencies): Promise<TemplatesRoom> {
  const models = templatesModels(connection);
  const templateStore = new DraftStore<TemplateBody, TemplateSummary>(models.templates, ['contents']);
  const routeStore = new DraftStore<RouteBody, RouteBody>(models.routes, []);
  await Promise.all([templateStore.ensureCollections(), routeStore.ensureCollections()]);

  const service = publishedReader(templateStore, routeStore, cancellableRoutes(models.routes.heads), bus);
  const templates = new TemplateDrafts(templateStore, service, bus, log);
  const routes = new RouteDrafts(routeStore, templateStore, bus, log);
  const loaders = createLoaders(templates, routes);
  const ofTemplates = templateResolvers(templates, loaders);
  const ofRoutes = routeResolvers(routes, loaders);
  const resolvers: Resolvers = {
    ...ofTemplates,
    ...ofRoutes,
    Query: { ...ofTemplates.Query, ...ofRoutes.Query },
    Mutation: { ...ofTemplates.Mutation, ...ofRoutes.Mutation },
    DateTime: DateTimeScalar,
    JSON: JsonScalar,
  };
  const schema = buildSubgraphSchema({
    typeDefs: parse(templatesSdl()),
    resolvers: resolvers as GraphQLResolverMap<unknown>,
  });
  return {
    service,
    subgraph: { name: 'templates', schema, close: async () => undefined },
    ensureDemo: (workspace) => ensureDemo(workspace, templates, routes),
  };
}
