/** What Apollo Server sees as its gateway: Apollo's loads the schema, Herald's executor runs the operations. */
import { ApolloGateway } from '@apollo/gateway';
import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import type { RequestContext } from '../../platform/auth/principal.ts';
import type { SubgraphName } from '../../platform/graphql/subgraph.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { SubgraphSources } from '../subgraph-sources/subgraph-source.ts';
import { composeSupergraph, type SubgraphSdls } from '../supergraph/supergraph.ts';
import { turnGatewayTelemetryOff } from '../supergraph/telemetry-off.ts';
import { dataSourcesOf, OperationExecutor } from './operation-executor.ts';
import { Planner } from './planner.ts';

type GatewayInterface = ApolloServerOptionsWithGateway<RequestContext>['gateway'];

export interface FederatedGatewayOptions {
  readonly sdls: SubgraphSdls;
  readonly sources: SubgraphSources;
  readonly log: Logger;
}

/** Hand it to Apollo Server unloaded: the server loads it at its own start. */
export class FederatedGateway implements GatewayInterface {
  readonly #gateway: ApolloGateway;
  readonly #options: FederatedGatewayOptions;
  readonly #subgraphSchemas: Readonly<Record<SubgraphName, GraphQLSchema>>;
  #planner: Planner | undefined;
  #executor: OperationExecutor | undefined;

  /** @throws CompositionError when the subgraphs do not fit together. */
  constructor(options: FederatedGatewayOptions) {
    const { sdls, sources, log } = options;
    this.#options = options;
    turnGatewayTelemetryOff();
    const dataSources = dataSourcesOf(sources);
    this.#gateway = new ApolloGateway({
      supergraphSdl: composeSupergraph(sdls),
      buildService: ({ name }) => {
        const dataSource = dataSources[name];
        if (!dataSource) throw new Error(`there is no subgraph ${name}`);
        return dataSource;
      },
      logger: log,
      __exposeQueryPlanExperimental: false,
      validateSupergraph: false,
    });
    this.#subgraphSchemas = {
      notifications: schemaOf(sdls.notifications),
      templates: schemaOf(sdls.templates),
      users: schemaOf(sdls.users),
      analytics: schemaOf(sdls.analytics),
    };
    this.#gateway.onSchemaLoadOrUpdate(({ apiSchema, coreSupergraphSdl }) => {
      this.#planner = new Planner(apiSchema, coreSupergraphSdl);
      this.#executor = new OperationExecutor({
        planner: this.#planner,
        sources,
        subgraphSchemas: this.#subgraphSchemas,
        log,
      });
    });
  }

  /** @throws Error before `load`. */
  get planner(): Planner {
    if (!this.#planner) throw new Error('the supergraph is not loaded');
    return this.#planner;
  }

  get sources(): SubgraphSources {
    return this.#options.sources;
  }

  onSchemaLoadOrUpdate: GatewayInterface['onSchemaLoadOrUpdate'] = (callback) =>
    this.#gateway.onSchemaLoadOrUpdate(callback);

  load: GatewayInterface['load'] = async (options) => {
    await this.#gateway.load(options);
    // A listener's failure is only logged by the gateway: without an executor the start must stop here.
    const loaded = this.#executor;
    if (!loaded) throw new Error('the supergraph could not be loaded, see the log');
    return { executor: (request) => (this.#executor ?? loaded).execute(request) };
  };

  async stop(): Promise<void> {
    await this.#gateway.stop();
  }
}

/** Only to see which documents the subgraph could answer alone: nothing is ever executed with it. */
const schemaOf = (sdl: string): GraphQLSchema => buildSubgraphSchema({ typeDefs: parse(sdl) });
