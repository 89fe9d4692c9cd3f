import { describe, expect, it } from 'vitest';
import { supergraphFlags } from './supergraph-flags.ts';

describe('the flags of a gateway that serves another graph', () => {
  it('are nothing for Herald itself', () => {
    expect(supergraphFlags(undefined, {})).toBeUndefined();
    expect(supergraphFlags('gateway', {})).toBeUndefined();
  });

  it('name a file or subgraphs; who calls is asked unless said otherwise', () => {
    expect(supergraphFlags('gateway', { supergraph: 'a.graphql' })).toEqual({
      from: { file: 'a.graphql' },
      auth: 'herald',
    });
    expect(
      supergraphFlags('gateway', { subgraph: ['a=http://a/graphql', 'b-2=https://b'], auth: 'none' }),
    ).toEqual({
      from: {
        subgraphs: [
          { name: 'a', url: 'http://a/graphql' },
          { name: 'b-2', url: 'https://b' },
        ],
      },
      auth: 'none',
    });
  });

  it.each([
    ['all of Herald', undefined, { supergraph: 'a' }, '--supergraph is for a gateway alone'],
    ['another role', 'users', { auth: 'none' }, '--auth is for a gateway alone'],
    ['auth alone', 'gateway', { auth: 'none' }, '--auth is for --supergraph'],
    ['both', 'gateway', { supergraph: 'a', subgraph: ['a=http://a'] }, 'not both'],
    ['no name', 'gateway', { subgraph: ['http://a'] }, 'must be a name and a URL'],
    ['no URL', 'gateway', { subgraph: ['a=b'] }, 'must be a name and a URL'],
    ['one twice', 'gateway', { subgraph: ['a=http://a', 'a=http://b'] }, 'more than once'],
  ] as const)('are refused with a sentence: %s', (_what, role, flags, sentence) => {
    expect(() => supergraphFlags(role, flags)).toThrow(sentence);
  });
});
