/** The yardstick: a no-op mutation on bare Apollo Server 5 and Fastify, with its default plugins. Prints its URL. */
import { ApolloServer } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import { fastify } from 'fastify';

const apollo = new ApolloServer({
  typeDefs: `
    type Query { ok: Boolean }
    input SendInput { body: String! to: ID! }
    type Notification { id: ID! state: String! }
    type Payload { notification: Notification! deduplicated: Boolean! }
    type Mutation { noop(input: SendInput!): Payload! }`,
  resolvers: {
    Query: { ok: () => true },
    Mutation: { noop: () => ({ notification: { id: 'ntf_1', state: 'ACCEPTED' }, deduplicated: false }) },
  },
  nodeEnv: 'production',
});
await apollo.start();
const app = fastify();
await app.register(fastifyApollo(apollo));
process.send?.({ url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/graphql` });
process.on('disconnect', () => process.exit(0));
