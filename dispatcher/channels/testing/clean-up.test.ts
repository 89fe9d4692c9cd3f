import { expect, it } from 'vitest';
import { cleanUp } from './clean-up.ts';

const ended: string[] = [];
const step = (name: string) => async () => void ended.push(name);

it('runs all, the last first, whatever fails or hangs, and tells what was first', async () => {
  const fails = () => Promise.reject(new Error('failed'));
  const hangs = () => new Promise<void>(() => undefined);
  await expect(cleanUp([step('first'), fails, hangs, step('last')], 20)).rejects.toThrow(
    'did not end within 0.02 s',
  );
  expect(ended.splice(0)).toEqual(['last', 'first']);
  await expect(cleanUp([step('first'), fails])).rejects.toThrow('failed');
  expect(ended.splice(0)).toEqual(['first']);
  await cleanUp([step('first'), () => undefined]);
});
