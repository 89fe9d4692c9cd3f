import { describe, expect, it } from 'vitest';
import { TOY_SDLS } from '../testing/toy-subgraphs.ts';
import { CompositionError, composeSupergraph, readSubgraphSdls } from './supergraph.ts';

describe('composeSupergraph', () => {
  it('composes the schema files as they are', async () => {
    expect(composeSupergraph(await readSubgraphSdls())).toContain('type Subscription');
  });
  it('gathers all reasons', () => {
    const conflicting = {
      ...TOY_SDLS,
      users: TOY_SDLS.users.replace('name: String!', 'name: String!  title: Int'),
      analytics: TOY_SDLS.analytics
        .replace('opens: Int!', 'opens: Int!  title: Int')
        .replace('stats: Int', 'stats: Int  me: Int'),
    };
    const compose = () => composeSupergraph(conflicting);
    expect(compose).toThrow(CompositionError);
    expect(compose).toThrow(/Notification\.title/);
    expect(compose).toThrow(/Query\.me/);
  });
  it('names the subgraph whose schema has a syntax error, and goes on to the others', () => {
    const compose = () => composeSupergraph({ ...TOY_SDLS, users: 'type {', templates: '}' });
    expect(compose).toThrow(/\[users\]/);
    expect(compose).toThrow(/\[templates\]/);
  });
});
