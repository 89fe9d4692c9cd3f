/** Puts the gateway together: supergraph, authentication, HTTP, WebSocket. */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { type FastifyInstance, fastify } from 'fastify';
import type { RequestContext } from '../platform/auth/principal.ts';
import { closeApp, watchConnections } from '../platform/http/close-app.ts';
import { registerHealth } from '../platform/http/health.ts';
import { requestIdFrom } from '../platform/http/request-id.ts';
import type { InvalidationBus } from '../platform/invalidation/invalidation-bus.ts';
import type { Shutdown } from '../platform/lifecycle/shutdown.ts';
import { type Logger, REQUEST_ID_HEADER } from '../platform/logging/logger.ts';
import { Authenticator } from './authentication/authenticator.ts';
import { KeyDirectory } from './authentication/key-directory.ts';
import { userTokenVerifier } from './authentication/user-tokens.ts';
import { usersKeyLookup } from './authentication/users-key-lookup.ts';
import { formatPublicError } from './errors/public-errors.ts';
import { documentStore } from './federation/document-store.ts';
import { FederatedGateway } from './federation/federated-gateway.ts';
import { type GraphQLPage, registerGraphQLRoute } from './http/graphql-route.ts';
import { registerEventStreamRoute } from './http-streams/event-stream-route.ts';
import { multipartSubscriptions } from './http-streams/multipart-subscriptions.ts';
import { OpenStreams } from './http-streams/open-streams.ts';
import { StreamedOperations } from './http-streams/operations.ts';
import { type ResumableOf, resumableFieldOf } from './http-streams/resumable-of.ts';
import { MAX_TOKENS, OPERATION_LIMITS, operationLimitsRule } from './limits/operation-limits.ts';
import { type SubgraphPlacement, subgraphSources } from './subgraph-sources/subgraph-sources.ts';
import { FederatedSubscriptions } from './subscriptions/federated-subscriptions.ts';
import type { ResumePolicy } from './subscriptions/resuming-source.ts';
import { SubscriptionPlans } from './subscriptions/subscription-plan.ts';
import { readSubgraphSdls, type SubgraphSdls } from './supergraph/supergraph.ts';
import { ConnectionCounts } from './web-socket/connection-counts.ts';
import { gatewaySockets, WEB_SOCKET_LIMITS, type WebSocketLimits } from './web-socket/gateway-sockets.ts';

/** What browsers see: another part of the gateway brings it. */
export interface GatewayPages {
  /** Adds routes before the gateway listens. */
  register(app: FastifyInstance): void | Promise<void>;
  /** Answers a browser's GET /graphql. */
  readonly graphql?: GraphQLPage;
}

export interface GatewayOptions {
  readonly placement: SubgraphPlacement;
  /** HERALD_JWT_SECRET. */
  readonly jwtSecret: string;
  readonly bodyLimitBytes: number;
  readonly log: Logger;
  readonly shutdown: Pick<Shutdown, 'started'>;
  /** What besides the subgraphs keeps the gateway from its work, one sentence each (for /readyz). */
  problems?(): Promise<readonly string[]>;
  readonly invalidations?: Pick<InvalidationBus, 'onInvalidation'>;
  readonly pages?: GatewayPages;
  /** The subgraphs' schemas; read from `subgraphs/<name>/schema.graphql` without. */
  readonly sdls?: SubgraphSdls;
  readonly webSocket?: Partial<WebSocketLimits>;
  readonly httpStreams?: { readonly heartbeatMs?: number };
  /** Which subscriptions go on after a `Last-Event-ID`; those that subgraphs mark without. */
  readonly resumableOf?: ResumableOf;
  /** Results that may wait for one subscriber before it is cut off with SLOW_CONSUMER. */
  readonly maxSubscriberBuffer?: number;
  /** How long a lost subgraph is waited for where a subscription can be taken up again. */
  readonly resumePolicy?: ResumePolicy;
}

export interface Gateway {
  /** Call `listen` on it. */
  readonly app: FastifyInstance;
  /** What keeps it from its work, as /readyz says it. */
  ready(): Promise<readonly string[]>;
  /** Running subscriptions at subgraphs; equal subscribers share one. */
  readonly topics: number;
  /** Closes sockets with 1001, ends open streams, waits for requests in hand, lets go of the subgraphs. */
  close(): Promise<void>;
}

/**
 * A GET needs one of them. What a browser sends by itself is never `Authorization: Bearer`, so with that one it is no
 * forgery either: urql sends its queries so.
 */
const PREFLIGHT_HEADERS = ['x-apollo-operation-name', 'apollo-require-preflight', 'authorization'];

/** @throws CompositionError with every reason when the subgraphs do not fit together. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, shutdown } = options;
  const limits = { ...WEB_SOCKET_LIMITS, ...options.webSocket };
  const sdls = options.sdls ?? (await readSubgraphSdls());
  const sources = subgraphSources(options.placement, log);
  const gateway = new FederatedGateway({ sdls, sources, log });
  const operationLimits = operationLimitsRule(OPERATION_LIMITS);
  const apollo = new ApolloServer<RequestContext>({
    gateway,
    logger: log,
    // Nothing may depend on NODE_ENV: the same everywhere.
    nodeEnv: 'production',
    introspection: true,
    includeStacktraceInErrorResponses: false,
    formatError: formatPublicError(log),
    documentStore: documentStore(),
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [operationLimits],
    maxRecursiveSelections: true,
    allowBatchedHttpRequests: false,
    csrfPrevention: { requestHeaders: PREFLIGHT_HEADERS },
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();

  const planner = () => gateway.planner;
  const authenticator = new Authenticator({
    keys: new KeyDirectory(usersKeyLookup(sources.users, log)),
    verifyToken: userTokenVerifier(options.jwtSecret),
    invalidations: options.invalidations,
  });
  const subscriptions = new FederatedSubscriptions({
    planner,
    sources,
    log,
    ...(options.maxSubscriberBuffer !== undefined && { maxBuffer: options.maxSubscriberBuffer }),
    ...(options.resumePolicy && { resumePolicy: options.resumePolicy }),
  });

  const ready = async (): Promise<readonly string[]> => {
    const problems = await Promise.all(Object.values(sources).map((source) => source.problem()));
    return [...problems.filter((problem) => problem !== undefined), ...((await options.problems?.()) ?? [])];
  };
  const app = fastify({
    // What still comes in on open connections while it closes is answered.
    return503OnClosing: false,
    bodyLimit: options.bodyLimitBytes,
    genReqId: (request) => requestIdFrom(request.headers[REQUEST_ID_HEADER]),
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID_HEADER, request.id);
    done();
  });
  watchConnections(app);
  registerHealth(app, { ready, shutdown });
  const plans = new SubscriptionPlans({ planner, validationRules: [operationLimits] });
  const counts = new ConnectionCounts(limits);
  const streams = new OpenStreams(
    options.httpStreams?.heartbeatMs ?? limits.pingIntervalMs,
    limits.connections,
  );
  const operations = new StreamedOperations({
    apollo,
    planner,
    plans,
    subscriptions,
    authenticator,
    counts,
    waitingBytes: limits.waitingBytes,
    resumableOf: options.resumableOf ?? resumableFieldOf(planner),
    log,
  });
  registerGraphQLRoute(app, {
    apollo,
    authenticator,
    log,
    page: options.pages?.graphql,
    streamed: multipartSubscriptions(operations, streams),
  });
  registerEventStreamRoute(app, { operations, streams, authenticator, log });
  await options.pages?.register(app);
  const sockets = gatewaySockets({
    server: app.server,
    apollo,
    planner,
    plans,
    subscriptions,
    authenticator,
    counts,
    log,
    limits,
  });

  return {
    app,
    ready,
    get topics() {
      return subscriptions.topics;
    },
    async close() {
      await Promise.all([sockets.close(), streams.close()]);
      await closeApp(app);
      await apollo.stop();
      await Promise.all(Object.values(sources).map((source) => source.close()));
    },
  };
}
