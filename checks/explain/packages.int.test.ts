/** 300 packages with 1,000 templates, one of them with 200: lists and single ones cost what they answer with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { costOf, problemOf } from './judge.ts';
import { type OpenPlatform, openPlatform } from './open-platform.ts';
import { explain, queriesOf, readsPagesOffIndexes, shown } from './watch-queries.ts';

const PACKAGES = 300;
const TEMPLATES = 1_000;
/** In the first package; the others share the rest. */
const IN_LARGEST = 200;
/** A page of 100 and one more. */
const PAGE_LIMIT = 101;
/** Of any of these on a busy machine; most take a few milliseconds. */
const MAX_MS = 5_000;

const services = freshDatabase();
let platform: OpenPlatform;
let explains: boolean;
const packageId = (index: number) => `package-${String(index).padStart(3, '0')}`;
const packageOfTemplate = (index: number) => packageId(index < IN_LARGEST ? 0 : 1 + (index % (PACKAGES - 1)));
const templateId = (index: number) => `template-${String(index).padStart(4, '0')}`;
const templateInput = (index: number, body = `Hello {{name}}, this is ${index}. ${'x'.repeat(2_000)}`) => ({
  id: templateId(index),
  name: `Template ${index}`,
  package: packageOfTemplate(index),
  contents: [{ channel: 'EMAIL', title: 'Hello', body }],
});
const SAVE_TEMPLATE = 'mutation ($input: TemplateInput!) { saveTemplate(input: $input) { id } }';
const PUBLISH = 'mutation ($id: ID!) { publishPackage(id: $id) { publishedVersion } }';

const run = <Data>(query: string, variables: Record<string, unknown> = {}) =>
  platform.run<Data>('templates', query, variables);

/** Calls `work` with each number below `count`, some at once. */
async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 20)
    await Promise.all(Array.from({ length: Math.min(20, count - from) }, (_, i) => work(from + i)));
}

beforeAll(async () => {
  platform = await openPlatform(services, { monitorCommands: true });
  explains = await readsPagesOffIndexes(platform.connection);
  await each(PACKAGES, (index) =>
    run('mutation ($input: PackageInput!) { savePackage(input: $input) { id } }', {
      input: { id: packageId(index), name: `Package ${index}${index === 7 ? ' of parcels' : ''}` },
    }),
  );
  await each(TEMPLATES, (index) => run(SAVE_TEMPLATE, { input: templateInput(index) }));
  for (let index = 0; index < PACKAGES; index += 10) await run(PUBLISH, { id: packageId(index) });
});
afterAll(() => platform?.close());

/** Runs it within the time, and explains its queries where the server can. */
async function cheap<Data>(
  limit: number,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Data> {
  let data: Data | undefined;
  const begun = performance.now();
  const queries = await queriesOf(platform.connection, async () => {
    data = await run<Data>(query, variables);
  });
  expect(performance.now() - begun).toBeLessThan(MAX_MS);
  expect(queries.length).toBeGreaterThan(0);
  for (const one of explains ? queries : []) {
    const problem = problemOf(costOf(await explain(platform.connection, one)), { limit });
    expect(problem && `${problem}: ${shown(one)}`).toBeUndefined();
  }
  if (data === undefined) throw new Error('nothing was answered');
  return data;
}

describe('300 packages with 1,000 templates', () => {
  it('are listed in pages', async () => {
    const ids: string[] = [];
    let after: string | null = null;
    do {
      const {
        packages,
      }: { packages: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
        await cheap(
          PACKAGES,
          'query ($after: String) { packages(first: 100, after: $after) { nodes { id name publishedVersion } pageInfo { hasNextPage endCursor } } }',
          { after },
        );
      ids.push(...packages.nodes.map(({ id }) => id));
      after = packages.pageInfo.hasNextPage ? packages.pageInfo.endCursor : null;
    } while (after !== null);
    expect(ids).toEqual(Array.from({ length: PACKAGES }, (_, index) => packageId(index)));
  });

  it('are searched by a part of the name: through the workspace’s packages, not its templates', async () => {
    const { packages } = await cheap<{ packages: { nodes: { id: string }[] } }>(
      PACKAGES,
      'query { packages(search: "PARCEL") { nodes { id } } }',
    );
    expect(packages.nodes).toEqual([{ id: packageId(7) }]);
  });

  it('open with the members of one, not those of all, and without their sources', async () => {
    const OPEN =
      'query ($id: ID!) { package(id: $id) { name templates(first: 100) { nodes { id name channels } } } }';
    const largest = await cheap<{ package: { templates: { nodes: unknown[] } } }>(IN_LARGEST, OPEN, {
      id: packageId(0),
    });
    expect(largest.package.templates.nodes).toHaveLength(100);
    const small = await cheap<{ package: { templates: { nodes: { id: string }[] } } }>(10, OPEN, {
      id: packageId(5),
    });
    expect(small.package.templates.nodes.map(({ id }) => id)).toEqual(
      Array.from({ length: TEMPLATES }, (_, index) => index)
        .filter((index) => packageOfTemplate(index) === packageId(5))
        .map(templateId),
    );
  });

  it('publish one with its members alone; a partial finds its users by an index', async () => {
    await run(SAVE_TEMPLATE, { input: templateInput(999, 'changed') });
    const id = packageOfTemplate(999);
    expect(await cheap(10, PUBLISH, { id })).toMatchObject({ publishPackage: { publishedVersion: 1 } });
    await run('mutation { savePartial(input: {id: "shared", source: "S"}) { id } }');
    await run(SAVE_TEMPLATE, { input: { ...templateInput(5_000, '{{> shared}}'), package: null } });
    const { partial } = await cheap<{ partial: { usedBy: { templates: unknown[] } } }>(
      PAGE_LIMIT,
      'query { partial(id: "shared") { usedBy { templates { id } } } }',
    );
    expect(partial.usedBy.templates).toEqual([{ id: templateId(5_000) }]);
  });

  it('publish 200 templates at once, and a version of each is there', async () => {
    await each(IN_LARGEST, (index) => run(SAVE_TEMPLATE, { input: templateInput(index, `second ${index}`) }));
    const begun = performance.now();
    expect(await run(PUBLISH, { id: packageId(0) })).toEqual({ publishPackage: { publishedVersion: 2 } });
    expect(performance.now() - begun).toBeLessThan(6 * MAX_MS);
    const { template } = await run<{ template: { versions: { nodes: unknown[] } } }>(
      'query ($id: ID!) { template(id: $id) { versions { nodes { version } } } }',
      { id: templateId(IN_LARGEST - 1) },
    );
    expect(template.versions.nodes).toEqual([{ version: 2 }, { version: 1 }]);
  });
});
