import { describe, expect, it } from 'vitest';
import { memoryLog } from '../../gateway/testing/memory-log.ts';
import { toyNotification, toySubgraphs } from '../../gateway/testing/toy-subgraphs.ts';
import { SubgraphExecutor } from './subgraph-executor.ts';

const WAYS: readonly (readonly [string, number])[] = [
  ['by graphql-js', Number.POSITIVE_INFINITY],
  ['compiled', 0],
];

function executorOf(runsBefore: number, maxDocuments?: number) {
  const { log, lines } = memoryLog();
  const toys = toySubgraphs();
  const subgraph = toys.subgraphs.find(({ name }) => name === 'notifications');
  if (!subgraph) throw new Error('no subgraph');
  return {
    toys,
    lines,
    executor: new SubgraphExecutor(subgraph.schema, log, {
      runsBefore,
      ...(maxDocuments !== undefined && { maxDocuments }),
    }),
  };
}
const CONTEXT = { requestId: 'r1' };

describe.each(WAYS)('SubgraphExecutor, %s', (_way, runsBefore) => {
  const executor = (maxDocuments?: number) => executorOf(runsBefore, maxDocuments);

  it('hands the context object itself to resolvers', async () => {
    const { executor: toy } = executor();
    expect(await toy.execute({ query: '{ notification(id: "1") { requestId } }' }, CONTEXT)).toEqual({
      data: { notification: { requestId: 'r1' } },
    });
  });

  it('answers the same after its documents were forgotten', async () => {
    const { executor: toy } = executor(2);
    for (const text of ['a', 'b', 'c', 'a', 'b', 'c'])
      expect((await toy.execute({ query: `{ echo(text: "${text}") }` }, CONTEXT)).data).toEqual({
        echo: text,
      });
  });

  it.each([
    ['bad syntax', '{', {}, {}],
    ['an unknown field', '{ nope }', {}, {}],
    ['an operation that is not there', 'query A { echo }', {}, {}],
    ['a wrong variable', 'query ($t: DateTime!) { at(time: $t) }', { t: 'x' }, { field: 'time' }],
    ['a subscription run as a query', 'subscription { maybe { id } }', {}, {}],
  ])('%s: BAD_USER_INPUT without data', async (name, query, variables, extra) => {
    const { executor: toy } = executor();
    const operationName = name.includes('not there') ? 'B' : undefined;
    const result = await toy.execute({ query, variables, operationName }, CONTEXT);
    expect(result).toEqual({
      errors: [expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT', ...extra } })],
    });
  });

  it('shows coded errors, masks and logs others, and knows a failing data service', async () => {
    const { executor: toy, lines } = executor();
    const { errors } = await toy.execute({ query: '{ refused broken unreachable }' }, CONTEXT);
    expect(errors?.map(({ message, path, extensions }) => [message, path, extensions])).toEqual([
      ['This needs an operator key.', ['refused'], { code: 'FORBIDDEN' }],
      ['Internal error', ['broken'], { code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' }],
      [expect.stringContaining('cannot be reached'), ['unreachable'], { code: 'UNAVAILABLE' }],
    ]);
    expect(lines).toMatchObject([
      { level: 'error', requestId: 'r1', err: { message: 'the password is hunter2' } },
      { level: 'warn', requestId: 'r1' },
    ]);
  });

  it('an argument that may not be null is the caller’s fault', async () => {
    const { executor: toy, lines } = executor();
    const { errors } = await toy.execute(
      { query: 'query ($f: Int = 3) { limited(first: $f) }', variables: { f: null } },
      CONTEXT,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(lines).toEqual([]);
  });

  describe('subscribe', () => {
    const QUERY = 'subscription { notificationReceived { id title } }';

    it('gives one result an event and leaves the source at once', async () => {
      const { executor: toy, toys } = executor();
      const stream = await toy.subscribe({ query: QUERY }, CONTEXT);
      if (!(Symbol.asyncIterator in stream)) throw new Error('refused');
      toys.events.publish(toyNotification('1'));
      expect(await stream.next()).toEqual({
        value: { data: { notificationReceived: { id: '1', title: 'hello 1' } } },
        done: false,
      });
      const waiting = stream.next();
      await stream.return(undefined);
      expect(toys.events.listeners).toBe(0);
      expect((await waiting).done).toBe(true);
    });

    it.each([
      ['a query', '{ echo }', 'BAD_USER_INPUT'],
      ['bad syntax', 'subscription {', 'BAD_USER_INPUT'],
      ['what the resolver refuses', 'subscription { forbiddenEvents { id } }', 'FORBIDDEN'],
    ])('refuses %s', async (_name, query, code) => {
      const { executor: toy } = executor();
      expect(await toy.subscribe({ query }, CONTEXT)).toMatchObject({ errors: [{ extensions: { code } }] });
    });

    it('a source that fails ends with a masked error', async () => {
      const { executor: toy, toys, lines } = executor();
      const stream = await toy.subscribe({ query: QUERY }, CONTEXT);
      if (!(Symbol.asyncIterator in stream)) throw new Error('refused');
      const waiting = stream.next();
      toys.events.fail(new Error('the password is hunter2'));
      expect(await waiting).toMatchObject({
        value: { errors: [{ message: 'Internal error', extensions: { requestId: 'r1' } }] },
      });
      expect((await stream.next()).done).toBe(true);
      expect(lines).toMatchObject([{ level: 'error', requestId: 'r1' }]);
    });
  });
});
