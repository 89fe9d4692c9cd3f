/** Other people's clients, set up as their own documentation says, behind one interface for the story. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import {
  type AnyVariables,
  cacheExchange,
  fetchExchange,
  type OperationResult,
  subscriptionExchange,
  Client as UrqlClient,
} from '@urql/core';
import { OperationTypeNode } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';

export type Variables = Record<string, unknown>;

/** @throws Error (or rejects) for errors in an answer. */
export interface OtherClient {
  query(document: string, variables?: Variables): Promise<unknown>;
  mutate(document: string, variables?: Variables): Promise<unknown>;
  /** @returns stops it. */
  subscribe(
    document: string,
    variables: Variables,
    onData: (data: unknown) => void,
    onError: (error: unknown) => void,
  ): () => void;
  close(): unknown;
}

/** Of the gateway, without a path. */
type Make = (url: string, token: string) => OtherClient;

const authorized = (token: string) => ({ authorization: `Bearer ${token}` });

const wsClient = (url: string, token: string) =>
  createWsClient({ url: `${url.replace('http', 'ws')}/graphql`, connectionParams: authorized(token) });

const sseClient = (url: string, token: string) =>
  createSseClient({ url: `${url}/graphql/stream`, headers: authorized(token) });

interface Result {
  readonly data?: unknown;
  readonly errors?: readonly unknown[] | undefined;
}
const dataOf = ({ data, errors }: Result): unknown => {
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
};

/** graphql-ws and graphql-sse have the same interface. */
function plain(client: ReturnType<typeof createWsClient> | ReturnType<typeof createSseClient>): OtherClient {
  const once = async (query: string, variables?: Variables) => {
    for await (const result of client.iterate({ query, variables })) return dataOf(result);
    throw new Error('no result');
  };
  return {
    query: once,
    mutate: once,
    subscribe: (query, variables, onData, onError) =>
      client.subscribe(
        { query, variables },
        {
          next: (result) => (result.errors ? onError(result.errors) : onData(result.data)),
          error: onError,
          complete: () => undefined,
        },
      ),
    close: () => client.dispose(),
  };
}

function apollo(link: ApolloLink, close: () => unknown): OtherClient {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return {
    query: async (document, variables) =>
      (await client.query({ query: gql(document), variables, fetchPolicy: 'network-only' })).data,
    mutate: async (document, variables) => (await client.mutate({ mutation: gql(document), variables })).data,
    subscribe: (document, variables, onData, onError) => {
      const running = client
        .subscribe({ query: gql(document), variables })
        .subscribe({ next: ({ data, error }) => (error ? onError(error) : onData(data)), error: onError });
      return () => running.unsubscribe();
    },
    close: () => {
      client.stop();
      return close();
    },
  };
}

const httpLink = (url: string, token: string) =>
  new HttpLink({ uri: `${url}/graphql`, headers: authorized(token) });

function urql(
  url: string,
  token: string,
  client: ReturnType<typeof createWsClient> | ReturnType<typeof createSseClient>,
): OtherClient {
  const urqlClient = new UrqlClient({
    url: `${url}/graphql`,
    fetchOptions: { headers: authorized(token) },
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => {
          const input = { ...request, query: request.query || '' };
          return {
            subscribe: (sink) => ({ unsubscribe: client.subscribe(input, sink) }),
          };
        },
      }),
    ],
  });
  const answered = ({ data, error }: OperationResult<unknown, AnyVariables>) => {
    if (error) throw error;
    return data;
  };
  return {
    query: async (document, variables = {}) =>
      answered(await urqlClient.query(document, variables, { requestPolicy: 'network-only' }).toPromise()),
    mutate: async (document, variables = {}) =>
      answered(await urqlClient.mutation(document, variables).toPromise()),
    subscribe: (document, variables, onData, onError) =>
      urqlClient
        .subscription(document, variables)
        .subscribe(({ data, error }) => (error ? onError(error) : onData(data))).unsubscribe,
    close: () => client.dispose(),
  };
}

export const OTHER_CLIENTS: readonly (readonly [name: string, make: Make])[] = [
  ['graphql-ws', (url, token) => plain(wsClient(url, token))],
  ['graphql-sse', (url, token) => plain(sseClient(url, token))],
  [
    'Apollo Client with GraphQLWsLink',
    (url, token) => {
      const socket = wsClient(url, token);
      return apollo(
        ApolloLink.split(
          ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
          new GraphQLWsLink(socket),
          httpLink(url, token),
        ),
        () => socket.dispose(),
      );
    },
  ],
  ['Apollo Client over HTTP alone', (url, token) => apollo(httpLink(url, token), () => undefined)],
  ['urql with graphql-ws', (url, token) => urql(url, token, wsClient(url, token))],
  ['urql with graphql-sse', (url, token) => urql(url, token, sseClient(url, token))],
];
