/** What the documents show must be so: GraphQL that the graph takes, files and npm scripts that are there. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type GraphQLSchema, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readSubgraphSdls } from '../gateway/supergraph/supergraph.ts';
import { apiSchema } from './supergraph.ts';

const ROOT = resolve(import.meta.dirname, '..');

const inDocs = (await readdir(join(ROOT, 'docs'), { recursive: true })).map((name) => join('docs', name));
const inRoot = await readdir(ROOT);
const DOCUMENTS = [...inRoot, ...inDocs].filter((name) => name.endsWith('.md'));
const texts = new Map(
  await Promise.all(DOCUMENTS.map(async (name) => [name, await readFile(join(ROOT, name), 'utf8')] as const)),
);
const api = apiSchema(await readSubgraphSdls());
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));

/** The content of each fenced block of a language. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, of, content]) =>
    of === language && content !== undefined ? [content] : [],
  );

function graphqlProblems(text: string, schema: GraphQLSchema): string[] {
  return blocks(text, 'graphql').flatMap((block) =>
    validate(schema, parse(block)).map((error) => error.message),
  );
}

/** Relative links to files that are not there. */
const deadLinks = (name: string, text: string): string[] =>
  [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)/g)].flatMap(([, target]) =>
    target !== undefined && !existsSync(resolve(ROOT, dirname(name), target)) ? [target] : [],
  );

/** `npm run x`, `npm start` and `npm test` that package.json does not have. */
const missingScripts = (text: string): string[] =>
  [...text.matchAll(/\bnpm (?:run ([a-z][a-z0-9:-]*)|(start|test))\b/g)]
    .map(([, run, short]) => run ?? short ?? '')
    .filter((name) => !(name in scripts));

describe.each(DOCUMENTS)('%s', (name) => {
  const text = texts.get(name) ?? '';
  test('shows GraphQL that the graph takes', () => {
    expect(graphqlProblems(text, api)).toEqual([]);
  });
  test('links to files that are there', () => {
    expect(deadLinks(name, text)).toEqual([]);
  });
  test('names npm scripts that are there', () => {
    expect(missingScripts(text)).toEqual([]);
  });
});

test('a document that is wrong is found', () => {
  expect(DOCUMENTS).toContain('README.md');
  expect(graphqlProblems('```graphql\n{ nothing }\n```', api)).toHaveLength(1);
  expect(deadLinks('docs/a.md', '[a](../README.md#top) [b](nowhere.md) [c](https://example.com)')).toEqual([
    'nowhere.md',
  ]);
  expect(missingScripts('npm run nothing, npm test')).toEqual(['nothing']);
});
