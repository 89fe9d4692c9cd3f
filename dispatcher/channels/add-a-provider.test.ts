import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const guide = await readFile(new URL('docs/add-a-provider.md', root), 'utf8');
const examples = [...guide.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(
  ([, path = '', code = '']) => [path, code] as const,
);

it('finds the examples of the guide', () => expect(examples).toHaveLength(7));

it.each(examples)('the example from %s stands there', async (path, code) => {
  expect(await readFile(new URL(path, root), 'utf8')).toContain(code);
});
