import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PLACEMENTS, startToyGateway, type ToyGateway, until } from './testing/toy-gateway.ts';
import { toyNotification } from './testing/toy-subgraphs.ts';
import { toyUserToken } from './testing/toy-tokens.ts';

const EVENTS = 'subscription { notificationReceived { id title recipient { name } } }';
const ACCEPT = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json';
/** What a client has when it has read up to a part's delimiter. */
const PART = /^\r\ncontent-type: application\/json\r\n\r\n(.*)$/s;

/** The parts of a body as they come (RFC 2046, 5.1), parsed; the last value is what follows the last delimiter. */
async function* partsOf({ body }: Response): AsyncGenerator<unknown, void> {
  if (!body) return;
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const pieces = text.split('\r\n--graphql');
    text = pieces.pop() ?? '';
    for (const piece of pieces)
      if (piece !== '') yield JSON.parse(PART.exec(piece)?.[1] ?? `not a part: ${piece}`);
  }
  yield text;
}

describe.each(PLACEMENTS)('subscriptions in parts over HTTP, subgraphs %s', (placement) => {
  let toy: ToyGateway;
  let control: AbortController;
  beforeEach(async () => {
    control = new AbortController();
    toy = await startToyGateway(placement, { httpStreams: { heartbeatMs: 60_000 } });
  });
  afterEach(async () => {
    control.abort();
    await toy.close();
  });

  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${toy.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: ACCEPT, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: control.signal,
    });
  const subscribed = async (query: string, headers: Record<string, string> = {}) => {
    const response = await post({ query }, headers);
    await until(() => toy.toys.events.listeners > 0);
    return { response, parts: partsOf(response) };
  };
  const next = async (parts: AsyncGenerator<unknown, void>) => (await parts.next()).value;

  it('begins with a heartbeat, gives each event as a part, and ends with the last delimiter', async () => {
    const { response, parts } = await subscribed(EVENTS);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    expect(await next(parts)).toEqual({});
    for (const id of ['n1', 'n2']) {
      toy.toys.events.publish(toyNotification(id));
      expect(await next(parts)).toEqual({
        payload: {
          data: { notificationReceived: { id, title: `hello ${id}`, recipient: { name: 'User u1' } } },
        },
      });
    }
    toy.toys.events.complete();
    expect(await next(parts)).toBe('--\r\n');
    expect(await next(parts)).toBeUndefined();
  });

  it('gives an event with errors as a payload', async () => {
    const { parts } = await subscribed('subscription { notificationReceived { recipient { name secret } } }');
    await next(parts);
    toy.toys.events.publish(toyNotification('n1'));
    expect(await next(parts)).toMatchObject({
      payload: {
        data: { notificationReceived: { recipient: { name: 'User u1', secret: null } } },
        errors: [{ message: 'denied', extensions: { code: 'FORBIDDEN' } }],
      },
    });
  });

  it('takes a subscription from the URL', async () => {
    const response = await fetch(`${toy.origin}/graphql?${new URLSearchParams({ query: EVENTS })}`, {
      headers: { accept: ACCEPT },
      signal: control.signal,
    });
    await until(() => toy.toys.events.listeners > 0);
    const parts = partsOf(response);
    await next(parts);
    toy.toys.events.publish(toyNotification('n1'));
    expect(await next(parts)).toMatchObject({ payload: { data: { notificationReceived: { id: 'n1' } } } });
  });

  it('lets go of the source when the client leaves', async () => {
    await subscribed(EVENTS);
    control.abort();
    await until(() => toy.toys.events.listeners === 0 && toy.gateway.topics === 0);
  });

  it('ends with a fatal error when the token expires', async () => {
    const token = await toyUserToken({ expires: Math.floor(Date.now() / 1000) + 8 });
    const { parts } = await subscribed(EVENTS, { authorization: `Bearer ${token}` });
    await next(parts);
    expect(await next(parts)).toEqual({
      payload: null,
      errors: [
        {
          message: 'The user token has expired. Ask for a new one.',
          extensions: { code: 'UNAUTHENTICATED' },
        },
      ],
    });
    expect(await next(parts)).toBe('--\r\n');
  });

  it('ends with a fatal error when the gateway goes away', async () => {
    const { parts } = await subscribed(EVENTS);
    await next(parts);
    const last = next(parts);
    await toy.gateway.close();
    expect(await last).toMatchObject({ payload: null, errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
    expect(await next(parts)).toBe('--\r\n');
  });

  it.each([
    ['a query', '{ stats }', { stats: 1 }],
    ['a mutation', 'mutation { noop(input: { title: "t", to: "u" }) { id } }', { noop: { id: 'n0' } }],
  ])('answers %s as ever', async (_name, query, data) => {
    const response = await post({ query });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ data });
  });

  describe('refuses', () => {
    it.each<[string, unknown, Record<string, string>, number, Record<string, unknown>]>([
      ['no body', '', {}, 400, { code: 'BAD_USER_INPUT' }],
      ['garbage', '{"query":', {}, 400, { code: 'BAD_USER_INPUT' }],
      ['no document', {}, {}, 400, { code: 'BAD_USER_INPUT', field: 'query' }],
      ['an unknown operation', { query: EVENTS, operationName: 'Nope' }, {}, 400, { code: 'BAD_USER_INPUT' }],
      [
        'two root fields',
        { query: 'subscription { maybe { id } feed { id } }' },
        {},
        400,
        { code: 'BAD_USER_INPUT' },
      ],
      ['too much', { query: `# ${'x'.repeat(70_000)}` }, {}, 413, { code: 'BAD_USER_INPUT' }],
      [
        'plain text',
        JSON.stringify({ query: EVENTS }),
        { 'content-type': 'text/plain' },
        415,
        { code: 'BAD_USER_INPUT' },
      ],
      [
        'a wrong token',
        { query: EVENTS },
        { authorization: 'Bearer eyJ.x.y' },
        401,
        { code: 'UNAUTHENTICATED' },
      ],
      [
        'parts of another kind',
        { query: EVENTS },
        { accept: 'multipart/mixed' },
        406,
        { code: 'BAD_USER_INPUT' },
      ],
      [
        'an Accept that nothing fits',
        { query: EVENTS },
        { accept: 'image/png' },
        406,
        { code: 'BAD_USER_INPUT' },
      ],
    ])('%s', async (_name, body, headers, status, extensions) => {
      const response = await post(body, headers);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ errors: [{ message: expect.any(String), extensions }] });
      expect(toy.toys.events.listeners).toBe(0);
    });

    it('a subscription that asks for one JSON answer, and names the ways there are', async () => {
      const response = await post({ query: EVENTS }, { accept: 'application/json' });
      expect(response.status).toBe(400);
      const { errors } = (await response.json()) as { errors: [{ message: string; extensions: object }] };
      for (const way of ['graphql-transport-ws', '/graphql/stream', 'multipart/mixed;subscriptionSpec=1.0'])
        expect(errors[0].message).toContain(way);
      expect(errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
    });
  });
});

describe('a quiet subscription in parts', () => {
  it('has heartbeats', async () => {
    const toy = await startToyGateway('in-process', { httpStreams: { heartbeatMs: 50 } });
    const response = await fetch(`${toy.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: ACCEPT },
      body: JSON.stringify({ query: EVENTS }),
    });
    const parts = partsOf(response);
    for (let n = 0; n < 3; n++) expect((await parts.next()).value).toEqual({});
    toy.toys.events.complete();
    await expect.poll(async () => (await parts.next()).value).toBe('--\r\n');
    await toy.close();
  });
});
