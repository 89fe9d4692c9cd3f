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
import { forwardedNames } from '../platform/config/subgraph-rules.ts';
import { closeApp, watchConnections } from '../platform/http/close-app.ts';
import { registerHealth } from '../platform/http/health.ts';
import { registerJsonBodies } from '../platform/http/json-bodies.ts';
import { requestIdFrom } from '../platform/http/request-id.ts';
import type { InvalidationBus } from '../platform/invalidation/invalidation-bus.ts';
import type { Shutdown } from '../platform/lifecycle/shutdown.ts';
import { type Logger, REQUEST_ID_HEADER } from '../platform/logging/logger.ts';
import { ANONYMOUS, Authenticator, type CallerAuthentication } from './authentication/authenticator.ts';
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
import type { SourceRegistry } from './subgraph-sources/source-registry.ts';
import type { SubgraphSource } from './subgraph-sources/subgraph-source.ts';
import type { SubgraphPlacement } from './subgraph-sources/subgraph-sources.ts';
import { FederatedSubscriptions } from './subscriptions/federated-subscriptions.ts';
import type { ResumePolicy } from './subscriptions/resuming-source.ts';
import { SubscriptionPlans } from './subscriptions/subscription-plan.ts';
import { ownGraph, type SupergraphPlacement, supergraphOf } from './supergraph/graphs.ts';
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
  readonly placement: SubgraphPlacement | SupergraphPlacement;
  /** HERALD_JWT_SECRET; not needed where nobody is authenticated. */
  readonly jwtSecret?: string;
  readonly bodyLimitBytes: number;
  readonly log: Logger;
  readonly shutdown: Pick<Shutdown, 'started'>;
  /** What besides the subgraphs keeps the gateway from its work, one sentence each (for /readyz). */
  problems?(): Promise<readonly string[]>;
  readonly invalidations?: Pick<InvalidationBus, 'onInvalidation'>;
  readonly pages?: GatewayPages;
  /** The schemas of Herald's own subgraphs; read from `subgraphs/<name>/schema.graphql` without. */
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
  /** Subscribers of all of them. */
  readonly subscribers: number;
  /** Closes sockets with 1001, ends open streams, waits for requests in hand, lets go of the subgraphs. */
  close(): Promise<void>;
}

/**
 * A GET needs one of them. What a browser sends by itself is never `Authorization: Bearer`, so with that one it is no
 * forgery either: urql sends its queries so.
 */
const PREFLIGHT_HEADERS = ['x-apollo-operation-name', 'apollo-require-preflight', 'authorization'];

/**
 * @throws CompositionError with every reason when the subgraphs do not fit together; Error when there is no usable
 * supergraph.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, shutdown, placement } = options;
  const limits = { ...WEB_SOCKET_LIMITS, ...options.webSocket };
  const graph =
    placement.kind === 'supergraph'
      ? supergraphOf(placement, log)
      : ownGraph(placement, options.sdls ?? (await readSubgraphSdls()), log);
  const { sources } = graph;
  const gateway: FederatedGateway = new FederatedGateway({
    ...graph,
    // Called when a newer supergraph comes, long after all of this is there.
    onReload: () => subscriptions.reload((plan) => plans.again(plan)),
    log,
  });
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
  const plans = new SubscriptionPlans({ planner, validationRules: [operationLimits] });
  const authenticator = authenticatorOf(options, sources);
  const forward = placement.kind === 'supergraph' ? forwardedNames(placement.rules) : [];
  const subscriptions = new FederatedSubscriptions({
    planner,
    sources,
    log,
    ...(options.maxSubscriberBuffer !== undefined && { maxBuffer: options.maxSubscriberBuffer }),
    ...(options.resumePolicy && { resumePolicy: options.resumePolicy }),
  });

  const ready = async (): Promise<readonly string[]> => {
    const problems = await Promise.all(sources.all.map((source) => source.problem()));
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
  registerJsonBodies(app);
  watchConnections(app);
  registerHealth(app, { ready, shutdown });
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
    forward,
    counts,
    waitingBytes: limits.waitingBytes,
    resumableOf: options.resumableOf ?? resumableFieldOf(planner),
    log,
  });
  registerGraphQLRoute(app, {
    apollo,
    authenticator,
    forward,
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
    forward,
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
    get subscribers() {
      return subscriptions.subscribers;
    },
    async close() {
      await Promise.all([sockets.close(), streams.close()]);
      await closeApp(app);
      await apollo.stop();
      await sources.close();
    },
  };
}

function authenticatorOf(options: GatewayOptions, sources: SourceRegistry): CallerAuthentication {
  const { placement, jwtSecret, invalidations, log } = options;
  if (placement.kind === 'supergraph' && placement.auth === 'none') return ANONYMOUS;
  if (jwtSecret === undefined)
    throw new Error('a gateway that authenticates needs the secret of user tokens');
  const users: Pick<SubgraphSource, 'execute'> = {
    execute: (request, context) => sources.get('users').execute(request, context),
  };
  return new Authenticator({
    keys: new KeyDirectory(usersKeyLookup(users, log)),
    verifyToken: userTokenVerifier(jwtSecret),
    invalidations,
  });
}
