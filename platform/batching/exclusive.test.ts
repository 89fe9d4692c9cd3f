import { expect, it } from 'vitest';
import { Exclusive } from './exclusive.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function works() {
  const exclusive = new Exclusive();
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, ...keys: string[]) =>
    exclusive.run(new Set(keys), () => {
      log.push(`${name} begins`);
      return new Promise<string>((resolve) => {
        ends.set(name, () => {
          log.push(`${name} ends`);
          resolve(name);
        });
      });
    });
  const end = (name: string) => ends.get(name)?.();
  return { exclusive, log, start, end };
}

it('runs what shares nothing side by side', async () => {
  const { log, start, end } = works();
  const both = Promise.all([start('a', '1', '2'), start('b', '3'), start('c')]);
  await turn();
  expect(log).toEqual(['a begins', 'b begins', 'c begins']);
  for (const name of ['a', 'b', 'c']) end(name);
  expect(await both).toEqual(['a', 'b', 'c']);
});

it('runs what shares something one after the other', async () => {
  const { log, start, end } = works();
  const all = Promise.all([start('a', '1', '2'), start('b', '2', '3'), start('c', '3')]);
  await turn();
  expect(log).toEqual(['a begins', 'c begins']);
  end('a');
  await turn();
  expect(log).toEqual(['a begins', 'c begins', 'a ends']);
  end('c');
  await turn();
  expect(log.at(-1)).toBe('b begins');
  end('b');
  await all;
});

it('goes on after a failure', async () => {
  const { exclusive } = works();
  const keys = new Set(['1']);
  const failing = exclusive.run(keys, async () => {
    throw new Error('no');
  });
  const after = exclusive.run(keys, async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await after).toBe('yes');
});
