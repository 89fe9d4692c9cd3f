/** What Apollo Server sees as its gateway: Apollo's loads the schema, Herald's executor runs the operations. */
import { ApolloGateway } from '@apollo/gateway';
import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import { Counter } from 'prom-client';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { metricsRegistry } from '../../platform/http/metrics.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { SourceRegistry } from '../subgraph-sources/source-registry.ts';
import type { SupergraphSource } from '../supergraph/supergraph-source.ts';
import { turnGatewayTelemetryOff } from '../supergraph/telemetry-off.ts';
import { OperationExecutor } from './operation-executor.ts';
import { Planner } from './planner.ts';

const reloads = new Counter({
  name: 'herald_supergraph_reloads_total',
  help: 'Newer supergraphs, by whether they could be used.',
  labelNames: ['outcome'] as const,
  registers: [metricsRegistry],
});

type GatewayInterface = ApolloServerOptionsWithGateway<RequestContext>['gateway'];

export interface FederatedGatewayOptions {
  readonly supergraph: SupergraphSource;
  readonly sources: SourceRegistry;
  /** Called with each supergraph before it is used. @throws Error that says why it must not be. */
  prepare?(sdl: string): void;
  /** Of subgraphs that may answer a document alone, see `passThroughSubgraph`. */
  readonly subgraphSchemas?: Readonly<Record<string, GraphQLSchema>>;
  /** After a newer supergraph has taken over. */
  onReload?(): void;
  readonly log: Logger;
}

/** Hand it to Apollo Server unloaded: the server loads it at its own start. */
export class FederatedGateway implements GatewayInterface {
  readonly #gateway: ApolloGateway;
  readonly #options: FederatedGatewayOptions;
  /** A request is planned and run by the supergraph that its document was validated against. */
  readonly #executors = new WeakMap<GraphQLSchema, OperationExecutor>();
  #planner: Planner | undefined;
  #executor: OperationExecutor | undefined;

  constructor(options: FederatedGatewayOptions) {
    const { supergraph, sources, log } = options;
    this.#options = options;
    turnGatewayTelemetryOff();
    this.#gateway = new ApolloGateway({
      supergraphSdl: async ({ update }) => {
        const supergraphSdl = await supergraph.load();
        options.prepare?.(supergraphSdl);
        const stop = supergraph.watch?.((sdl) => this.#replace(sdl, update));
        return { supergraphSdl, ...(stop && { cleanup: stop }) };
      },
      buildService: ({ name }) => {
        const dataSource = sources.dataSources[name];
        if (!dataSource) throw new Error(`there is no subgraph ${name}`);
        return dataSource;
      },
      logger: log,
      __exposeQueryPlanExperimental: false,
      validateSupergraph: false,
    });
    this.#gateway.onSchemaLoadOrUpdate(({ apiSchema, coreSupergraphSdl }) => {
      this.#planner = new Planner(apiSchema, coreSupergraphSdl);
      this.#executor = new OperationExecutor({
        planner: this.#planner,
        sources,
        subgraphSchemas: options.subgraphSchemas ?? {},
        log,
      });
      this.#executors.set(apiSchema, this.#executor);
    });
  }

  /** @throws Error before `load`. */
  get planner(): Planner {
    if (!this.#planner) throw new Error('the supergraph is not loaded');
    return this.#planner;
  }

  onSchemaLoadOrUpdate: GatewayInterface['onSchemaLoadOrUpdate'] = (callback) =>
    this.#gateway.onSchemaLoadOrUpdate(callback);

  load: GatewayInterface['load'] = async (options) => {
    await this.#gateway.load(options);
    // A listener's failure is only logged by the gateway: without an executor the start must stop here.
    const loaded = this.#executor;
    if (!loaded) throw new Error('the supergraph could not be loaded, see the log');
    return {
      executor: (request) =>
        (this.#executors.get(request.schema) ?? this.#executor ?? loaded).execute(request),
    };
  };

  async stop(): Promise<void> {
    await this.#gateway.stop();
  }

  /** One that cannot be used is refused: the last one goes on. */
  #replace(sdl: string, update: (sdl: string) => void): void {
    const { prepare, onReload, log } = this.#options;
    try {
      prepare?.(sdl);
      update(sdl);
    } catch (error) {
      reloads.inc({ outcome: 'refused' });
      log.error({ err: error }, 'supergraph: the new one is refused; the last one stays');
      return;
    }
    reloads.inc({ outcome: 'taken' });
    log.info('supergraph: a new one has taken over');
    onReload?.();
  }
}
