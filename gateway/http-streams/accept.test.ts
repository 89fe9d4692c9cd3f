import { describe, expect, it } from 'vitest';
import { accepts } from './accept.ts';
import { wantsMultipart } from './multipart.ts';

describe('an Accept header', () => {
  it.each<[string | undefined, boolean]>([
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['text/*', true],
    ['text/event-stream', true],
    ['TEXT/Event-Stream; charset=utf-8', true],
    ['application/json, text/event-stream;q=0.1', true],
    ['text/event-stream;q=0', false],
    ['text/event-stream; q=0.0', false],
    ['application/json', false],
    ['text/html', false],
    ['text/event-stream-not', false],
    ['"text/event-stream"', false],
    [',,;;', false],
  ])('%s lets an event stream through: %s', (accept, expected) => {
    expect(accepts(accept, 'text/event-stream')).toBe(expected);
  });

  it.each<[string | undefined, boolean]>([
    // Apollo Client 3 and 4, as they send it.
    ['multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json', true],
    ['multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json', true],
    ['multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json', true],
    ['application/json, multipart/mixed; SUBSCRIPTIONSPEC=1.0', true],
    ['multipart/mixed;note="a, b; c";subscriptionSpec=1.0', true],
    // For @defer.
    ['multipart/mixed;deferSpec=20220824,application/json', false],
    ['multipart/mixed', false],
    ['multipart/mixed;subscriptionSpec=2.0', false],
    ['multipart/mixed;subscriptionSpec=1.0;q=0', false],
    ['multipart/mixed;note="subscriptionSpec=1.0"', false],
    ['*/*', false],
    [undefined, false],
  ])('%s asks for subscriptions in parts: %s', (accept, expected) => {
    expect(wantsMultipart(accept)).toBe(expected);
  });
});
