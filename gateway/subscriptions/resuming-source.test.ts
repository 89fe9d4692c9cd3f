import { type ExecutionResult, GraphQLError } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { ResultSink } from './result-sink.ts';
import { isLoss, type ResumePolicy, ResumingSource, resumeDelay } from './resuming-source.ts';

const POLICY: ResumePolicy = { maxOutageMs: 60_000, baseDelayMs: 2, maxDelayMs: 20 };
const event = (id: number): ExecutionResult => ({ data: { id } });
const coded = (code: string) => new GraphQLError(code, { extensions: { code } });
const refusal = (code: string): ExecutionResult => ({ errors: [coded(code)] });

/** A source of which the test decides what each opening gives. */
function source(startCursor: unknown, ...openings: ((cursor: unknown) => ResultSink | ExecutionResult)[]) {
  const cursors: unknown[] = [];
  const outcomes: boolean[] = [];
  const opened = new ResultSink(100);
  const resuming = new ResumingSource({
    opened,
    startCursor,
    policy: POLICY,
    open: async (cursor) => {
      const opening = openings[Math.min(cursors.length, openings.length - 1)];
      cursors.push(cursor);
      if (!opening) throw new Error('opened too often');
      return opening(cursor);
    },
    cursorOf: ({ data }) => data?.id,
    onOutcome: (resumed) => outcomes.push(resumed),
  });
  return { opened, resuming, cursors, outcomes };
}

const sinkOf = (...events: ExecutionResult[]) => {
  const sink = new ResultSink(100);
  for (const one of events) sink.push(one);
  return sink;
};

const readAll = async (stream: AsyncIterable<ExecutionResult>) => {
  const results: ExecutionResult[] = [];
  for await (const result of stream) results.push(result);
  return results;
};

describe('resumeDelay', () => {
  it.each([
    [0, 0, 1],
    [0, 1, 2],
    [2, 0, 4],
    [2, 1, 8],
    [30, 0, 10],
    [30, 1, 20],
  ])('attempt %i, random %d: %d ms', (attempt, random, delay) => {
    expect(resumeDelay(attempt, POLICY, random)).toBe(delay);
  });
});

describe('renewing', () => {
  it('opens it again from the last cursor, while somebody waits and while nobody does', async () => {
    const second = sinkOf(event(2));
    const third = sinkOf(event(3), event(4));
    const { opened, resuming, cursors } = source(
      undefined,
      () => second,
      () => third,
    );
    expect(resuming.renew()).toBe(false);
    opened.push(event(1));
    expect(await resuming.next()).toEqual({ value: event(1), done: false });
    const waiting = resuming.next();
    expect(resuming.renew()).toBe(true);
    expect(await waiting).toEqual({ value: event(2), done: false });
    expect(opened.ended).toBe(true);
    expect(resuming.renew()).toBe(true);
    expect(second.ended).toBe(true);
    expect(await resuming.next()).toEqual({ value: event(3), done: false });
    expect(await resuming.next()).toEqual({ value: event(4), done: false });
    expect(cursors).toEqual([1, 2]);
    await resuming.return();
    expect(resuming.renew()).toBe(false);
  });
});

describe('isLoss', () => {
  it.each([
    [refusal('UNAVAILABLE'), true],
    [refusal('SLOW_CONSUMER'), true],
    [{ data: null, errors: [coded('UNAVAILABLE')] }, true],
    [refusal('FORBIDDEN'), false],
    [{ errors: [coded('UNAVAILABLE'), coded('FORBIDDEN')] }, false],
    [{ data: { id: 1 }, errors: [coded('UNAVAILABLE')] }, false],
    [{ data: null }, false],
  ])('%j: %s', (result, loss) => {
    expect(isLoss(result)).toBe(loss);
  });
});

describe('ResumingSource', () => {
  it('goes on from the last cursor, over failed attempts and several losses', async () => {
    const { opened, resuming, cursors, outcomes } = source(
      undefined,
      () => refusal('UNAVAILABLE'),
      () => {
        const sink = sinkOf(event(3));
        sink.fail(coded('UNAVAILABLE'));
        return sink;
      },
      () => {
        const sink = sinkOf(event(4));
        sink.end();
        return sink;
      },
    );
    for (const id of [1, 2]) opened.push(event(id));
    opened.fail(coded('UNAVAILABLE'));
    expect(await readAll(resuming)).toEqual([1, 2, 3, 4].map(event));
    expect(cursors).toEqual([2, 2, 3]);
    expect(outcomes).toEqual([true, true]);
  });

  it('begins from where the caller began, when nothing came yet', async () => {
    const { opened, resuming, cursors } = source('c0', () => {
      const sink = sinkOf();
      sink.end();
      return sink;
    });
    opened.fail(coded('UNAVAILABLE'));
    expect(await readAll(resuming)).toEqual([]);
    expect(cursors).toEqual(['c0']);
  });

  it('ends with the error when it knows no cursor', async () => {
    for (const cursor of [undefined, null]) {
      const { opened, resuming, cursors } = source(cursor);
      opened.fail(coded('UNAVAILABLE'));
      expect(await readAll(resuming)).toEqual([refusal('UNAVAILABLE')]);
      expect(cursors).toEqual([]);
    }
  });

  it('gives up after the longest outage', async () => {
    let now = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const { opened, resuming, cursors, outcomes } = source('c', () => {
      now += POLICY.maxOutageMs / 3;
      return refusal('UNAVAILABLE');
    });
    opened.fail(coded('UNAVAILABLE'));
    expect(await readAll(resuming)).toEqual([refusal('UNAVAILABLE')]);
    // At a third, at two thirds, and at the end, after which no wait may begin.
    expect(cursors).toEqual(['c', 'c', 'c']);
    expect(outcomes).toEqual([false]);
  });

  it('a refusal that is no loss is the end', async () => {
    const { opened, resuming } = source('c', () => refusal('FORBIDDEN'));
    opened.fail(coded('UNAVAILABLE'));
    expect(await readAll(resuming)).toEqual([refusal('FORBIDDEN')]);
  });

  it.each(['while it waits', 'while it opens', 'while it reads'])('can be left %s', async (when) => {
    const opening = Promise.withResolvers<void>();
    const reopened = sinkOf();
    let leave: Promise<unknown> | undefined;
    const { opened, resuming } = source('c', () => {
      if (when === 'while it opens') leave = resuming.return();
      opening.resolve();
      return when === 'while it waits' ? refusal('UNAVAILABLE') : reopened;
    });
    opened.fail(coded('UNAVAILABLE'));
    const reading = resuming.next();
    await opening.promise;
    await new Promise((resolve) => setTimeout(resolve, 1));
    await (leave ?? resuming.return());
    expect(await reading).toEqual({ value: undefined, done: true });
    if (when !== 'while it waits') expect(reopened.ended).toBe(true);
  });
});
