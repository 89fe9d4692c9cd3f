import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { RESUME_POLICY } from './subscriptions/resuming-source.ts';
import { PLACEMENTS, settled, startToyGateway, type ToyGateway, until } from './testing/toy-gateway.ts';

const QUICK = { ...RESUME_POLICY, baseDelayMs: 10, maxDelayMs: 100 };

let toy: ToyGateway;
afterEach(() => toy.close());

interface Seen {
  readonly events: Record<string, unknown>[];
  readonly codes: unknown[];
  ended: boolean;
}

function subscribe(query: string, variables: Record<string, unknown> = {}): Seen {
  const seen: Seen = { events: [], codes: [], ended: false };
  toy.client().subscribe<Record<string, unknown>>(
    { query, variables },
    {
      next: ({ data, errors }) => {
        if (data) seen.events.push(data);
        for (const error of errors ?? []) seen.codes.push(error.extensions?.code);
      },
      error: (error) => seen.codes.push(error),
      complete: () => {
        seen.ended = true;
      },
    },
  );
  return seen;
}

const texts = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => ({ logged: { entry: { text: `entry ${from + index}` } } }));

const TEXT = 'subscription ($after: ID) { logged(after: $after) { entry { text } } }';

describe.each(PLACEMENTS)('a resumable field, subgraphs %s', (placement) => {
  it.each([
    ['that is not selected', TEXT, (n: number) => ({ logged: { entry: { text: `entry ${n}` } } })],
    [
      'under aliases, in fragments, with entities of other subgraphs',
      'fragment F on Subscription { l: logged(prefix: "x") { e: entry { heraldCursor: text i: id } reader { name } } } subscription { ...F }',
      (n: number) => ({
        l: { e: { heraldCursor: `entry ${n}`, i: String(n) }, reader: { name: 'User u1' } },
      }),
    ],
    [
      'with a literal',
      'subscription { logged(after: "0") { type entry { id } } }',
      (n: number) => ({ logged: { type: 'NEW', entry: { id: String(n) } } }),
    ],
  ])('goes on from a cursor %s', async (_name, query, event) => {
    toy = await startToyGateway(placement, { resumePolicy: QUICK });
    const seen = subscribe(query);
    await until(() => toy.toys.log.readers === 1);
    toy.toys.log.append();
    toy.toys.log.append();
    await until(() => seen.events.length === 2);
    for (let loss = 0; loss < 3; loss++) {
      toy.toys.log.fail(new Error('Connection is closed.'));
      toy.toys.log.append();
      await until(() => toy.toys.log.readers === 1);
      toy.toys.log.append();
    }
    await until(() => seen.events.length >= 8);
    expect(seen).toEqual({
      events: Array.from({ length: 8 }, (_, index) => event(index + 1)),
      codes: [],
      ended: false,
    });
    expect(toy.gateway.topics).toBe(1);
  });

  it('begins at the cursor that the caller gave', async () => {
    toy = await startToyGateway(placement, { resumePolicy: QUICK });
    for (let n = 0; n < 5; n++) toy.toys.log.append();
    const seen = subscribe(TEXT, { after: '2' });
    await until(() => seen.events.length === 3);
    expect(seen.events).toEqual(texts(3, 3));
    expect(toy.toys.lastSubscribe).toMatchObject({ after: '2' });
  });

  it('gives what came meanwhile, however much, to those who read', async () => {
    toy = await startToyGateway(placement, { resumePolicy: QUICK });
    const seen = subscribe(TEXT);
    await until(() => toy.toys.log.readers === 1);
    toy.toys.log.append();
    await until(() => seen.events.length === 1);
    toy.toys.log.fail(new Error('Connection is closed.'));
    // More than may wait for one subscriber, in one turn of the loop.
    for (let n = 1; n < 600; n++) toy.toys.log.append();
    await until(() => seen.events.length >= 600 || seen.ended);
    expect(seen).toEqual({ events: texts(600), codes: [], ended: false });
  });

  it('is not thrown back by events that have no cursor', async () => {
    toy = await startToyGateway(placement, { resumePolicy: QUICK });
    const seen = subscribe('subscription { logged { entry { id } } }');
    await until(() => toy.toys.log.readers === 1);
    for (let n = 0; n < 3; n++) toy.toys.log.append();
    toy.toys.log.touch(1);
    await until(() => seen.events.length === 4);
    toy.toys.log.fail(new Error('Connection is closed.'));
    await until(() => toy.toys.log.readers === 1);
    toy.toys.log.append();
    await until(() => seen.events.length === 5);
    expect(seen.events.map(({ logged }) => (logged as { entry: { id: string } }).entry.id)).toEqual([
      '1',
      '2',
      '3',
      '1',
      '4',
    ]);
  });

  it('goes on from where it began, before any event, when the subgraph tells', async () => {
    toy = await startToyGateway(placement, { resumePolicy: QUICK });
    toy.toys.log.append();
    const seen = subscribe('subscription { logged(tells: true) { entry { text } } }');
    await until(() => toy.toys.log.readers === 1);
    // What the subgraph tells is on its way.
    await settled();
    toy.toys.log.fail(new Error('Connection is closed.'));
    for (let n = 0; n < 3; n++) toy.toys.log.append();
    await until(() => seen.events.length === 3);
    expect(seen).toEqual({ events: texts(3, 2), codes: [], ended: false });
  });

  it('gives UNAVAILABLE when it was interrupted before it had a cursor', async () => {
    toy = await startToyGateway(placement, { resumePolicy: QUICK });
    const seen = subscribe('subscription { logged { entry { id } } }');
    await until(() => toy.toys.log.readers === 1);
    toy.toys.log.fail(new Error('Connection is closed.'));
    await until(() => seen.ended);
    expect(seen).toMatchObject({ events: [], codes: ['UNAVAILABLE'] });
  });
});

describe('a remote subgraph that is lost', () => {
  it('and comes back: its subscribers miss nothing and get nothing twice; readiness does not change', async () => {
    toy = await startToyGateway('remote', { resumePolicy: QUICK });
    expect(await toy.gateway.ready()).toEqual([]);
    const seen = Array.from({ length: 20 }, (_, n) =>
      subscribe(n % 2 ? TEXT : 'subscription { logged { entry { text } } }', n % 2 ? { after: '0' } : {}),
    );
    await until(() => toy.toys.log.readers === 11 && toy.gateway.subscribers === 20);
    await settled();
    const { log } = toy.toys;
    const writing = setInterval(() => log.append(), 2);
    onTestFinished(() => clearInterval(writing));
    // Before it has a cursor none can be taken up again.
    await until(() => seen.every(({ events }) => events.length > 0));
    for (let loss = 0; loss < 3; loss++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await toy.servers.get('notifications')?.close();
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(await toy.gateway.ready()).toEqual([]);
      await toy.restart('notifications');
      await until(() => toy.toys.log.readers === 11);
    }
    await until(() => log.length > 100);
    clearInterval(writing);
    const { length } = log;
    await until(() => seen.every(({ events }) => events.length >= length));
    for (const one of seen) expect(one).toEqual({ events: texts(length), codes: [], ended: false });
  });

  it('and stays away: its subscribers get UNAVAILABLE after the longest outage', async () => {
    toy = await startToyGateway('remote', { resumePolicy: { ...QUICK, maxOutageMs: 400 } });
    const seen = subscribe(TEXT, { after: '0' });
    await until(() => toy.toys.log.readers === 1);
    // Before it is closed: that takes its time, and the loss is seen meanwhile.
    const thereAt = performance.now();
    await toy.servers.get('notifications')?.close();
    await until(() => seen.ended);
    // The last wait is not begun where the outage would be longer after it.
    expect(performance.now() - thereAt).toBeGreaterThan(400 - QUICK.maxDelayMs - 10);
    expect(seen).toMatchObject({ events: [], codes: ['UNAVAILABLE'] });
    expect(toy.gateway.topics).toBe(0);
  });

  it('no longer is asked for those who have left', async () => {
    toy = await startToyGateway('remote', { resumePolicy: QUICK });
    subscribe(TEXT, { after: '0' });
    await until(() => toy.toys.log.readers === 1);
    await toy.servers.get('notifications')?.close();
    toy.closeClients();
    await until(() => toy.gateway.topics === 0);
    const { subscribes } = toy.toys.calls;
    await toy.restart('notifications');
    await settled();
    expect(toy.toys.calls.subscribes).toBe(subscribes);
  });
});
