import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { NewProvider } from './new-provider-plan.ts';
import { hasProvider, identifierIn, withProvider } from './registry-edit.ts';

const registry = await readFile(new URL('../../dispatcher/channels/registry.ts', import.meta.url), 'utf8');
const small = `import { a } from './a/provider.ts';
import type { X } from './contract.ts';
import { m } from './m/provider.ts';

export const PROVIDERS: readonly ProviderDefinition[] = [
  m,
  a,
];
const more = [
  1,
];
`;
const named = (id: string, identifier = id): NewProvider => ({
  id,
  identifier,
  name: id,
  channels: ['SMS'],
  receipts: false,
});

test.each([
  ['b', "import { b } from './b/provider.ts';\nimport { m } from './m/provider.ts';\n\n"],
  ['z', "import { m } from './m/provider.ts';\nimport { z } from './z/provider.ts';\n\n"],
  ['A', "import { A } from './A/provider.ts';\nimport { a } from './a/provider.ts';\n"],
])('%s gets its import and its line', (id, imports) => {
  const edited = withProvider(small, named(id)) ?? '';
  expect(edited).toContain(imports);
  expect(edited).toContain(`\n  m,\n  a,\n  ${id},\n];\nconst more = [\n  1,\n];\n`);
  expect(edited.split('\n')).toHaveLength(small.split('\n').length + 2);
});

test('what is there already is not put in again', () => {
  const once = withProvider(small, named('b-c', 'bC')) ?? '';
  expect(withProvider(once, named('b-c', 'bC'))).toBe(once);
  const withoutLine = once.replace('  bC,\n', '');
  expect(withProvider(withoutLine, named('b-c', 'bC'))).toBe(once);
  const withoutImport = once.replace("import { bC } from './b-c/provider.ts';\n", '');
  expect(withProvider(withoutImport, named('b-c', 'bC'))).toBe(once);
});

test('a registry of another form is left alone', () => {
  expect(withProvider('export const PROVIDERS = [];\n', named('b'))).toBeUndefined();
});

test("Herald's registry is one of this form", () => {
  expect(hasProvider(registry, 'twilio')).toBe(true);
  expect(hasProvider(registry, 'acme')).toBe(false);
  expect(withProvider(registry, named('acme'))).toContain('\n  acme,\n];\n');
});

test('a name that the registry has for something else gets a suffix', () => {
  expect(identifierIn(registry, named('acme'))).toBe('acme');
  expect(identifierIn(registry, named('settings'))).toBe('settingsProvider');
});
