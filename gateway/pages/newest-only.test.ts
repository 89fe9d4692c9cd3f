import { expect, test } from 'vitest';

type NewestOnly = <T>(
  ask: () => Promise<T>,
  show: (answer: T) => void,
  onError: (error: unknown) => void,
) => () => Promise<void>;

// A page's own script: without types here.
const page = new URL('./static/lib/newest-only.js', import.meta.url).href;
const { newestOnly } = (await import(page)) as { newestOnly: NewestOnly };

function started() {
  const asked: PromiseWithResolvers<string>[] = [];
  const told: string[] = [];
  const load = newestOnly<string>(
    () => {
      const answer = Promise.withResolvers<string>();
      asked.push(answer);
      return answer.promise;
    },
    (answer) => told.push(answer),
    (error) => told.push(String(error)),
  );
  return { asked, told, load };
}

test('an answer that a newer request overtook is not shown, and whoever asked for it waits for the newer one', async () => {
  const { asked, told, load } = started();
  const first = load();
  const second = load();
  let isFirstDone = false;
  void first.then(() => {
    isFirstDone = true;
  });
  asked[0]?.resolve('old');
  await asked[0]?.promise;
  await new Promise(setImmediate);
  expect({ told, isFirstDone }).toEqual({ told: [], isFirstDone: false });
  asked[1]?.resolve('new');
  await Promise.all([first, second]);
  expect(told).toEqual(['new']);
});

test('what comes after the newer answer is not shown either, be it an error', async () => {
  const { asked, told, load } = started();
  const runs = [load(), load()];
  asked[1]?.resolve('new');
  await runs[1];
  asked[0]?.reject(new Error('late'));
  await runs[0];
  expect(told).toEqual(['new']);
});

test('an error of the newest is told, and the next answer shown', async () => {
  const { asked, told, load } = started();
  const failing = load();
  asked[0]?.reject(new Error('away'));
  await failing;
  const next = load();
  asked[1]?.resolve('back');
  await next;
  expect(told).toEqual(['Error: away', 'back']);
});
