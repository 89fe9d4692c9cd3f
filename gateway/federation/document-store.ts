/** Parsed and validated documents of callers, the least recently used dropped first. */
import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '../../platform/auth/principal.ts';

type DocumentStore = NonNullable<ApolloServerOptionsWithGateway<RequestContext>['documentStore']>;

const MAX_DOCUMENTS = 2_000;

/** Query plans hang on the documents, so this bounds both. */
export function documentStore(): DocumentStore {
  const documents = new LRUCache<string, DocumentNode>({ max: MAX_DOCUMENTS });
  return {
    get: async (key) => documents.get(key),
    set: async (key, document) => {
      documents.set(key, document);
    },
    delete: async (key) => documents.delete(key),
  };
}
