import { describe, expect, it } from 'vitest';
import { forwardedNames, ruleFor, subgraphRules } from './subgraph-rules.ts';

const read = (rules: unknown) => subgraphRules.parse(JSON.stringify(rules));

describe('SUBGRAPHS', () => {
  it("a subgraph's own rule adds to that for all, and wins", () => {
    const rules = read({
      '*': { forwardHeaders: ['Authorization'], setHeaders: { A: '1', b: '1' }, timeoutMs: 500 },
      one: {
        forwardHeaders: ['x-tenant', 'authorization'],
        setHeaders: { b: '2' },
        url: 'http://one/graphql',
      },
    });
    expect(ruleFor(rules, 'one')).toEqual({
      url: 'http://one/graphql',
      forwardHeaders: ['authorization', 'x-tenant'],
      setHeaders: { a: '1', b: '2' },
      timeoutMs: 500,
    });
    expect(ruleFor(rules, 'other')).toEqual({
      forwardHeaders: ['authorization'],
      setHeaders: { a: '1', b: '1' },
      timeoutMs: 500,
    });
    expect(forwardedNames(rules)).toEqual(['authorization', 'x-tenant']);
  });

  it('is empty without', () => {
    expect(subgraphRules.parse(undefined)).toEqual({});
    expect(ruleFor({}, 'any')).toEqual({ forwardHeaders: [], setHeaders: {} });
  });

  it.each([
    ['no JSON', '{', 'must be JSON'],
    ['an unknown key', '{"a": {"uri": "x"}}', 'uri'],
    ['a header of the connection', '{"a": {"forwardHeaders": ["Transfer-Encoding"]}}', 'cannot be forwarded'],
    ['a header of the handshake', '{"a": {"forwardHeaders": ["sec-websocket-key"]}}', 'cannot be forwarded'],
    ['no header name', '{"a": {"forwardHeaders": ["x y"]}}', 'header name'],
    ['a line break', '{"a": {"setHeaders": {"x": "a\\nb"}}}', 'header value'],
    ['another protocol', '{"a": {"url": "file:///etc"}}', 'http'],
    ['HTTP for sockets', '{"a": {"subscriptionsUrl": "http://a"}}', 'ws'],
  ])('refuses %s', (_what, text, word) => {
    const { error } = subgraphRules.safeParse(text);
    expect(error?.issues.map(({ message }) => message).join()).toContain(word);
  });
});
