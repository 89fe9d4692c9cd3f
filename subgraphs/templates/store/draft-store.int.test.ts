import type { Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../../platform/logging/logger.ts';
import { connectMongo } from '../../../platform/storage/mongo.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { Change } from './change.ts';
import type { TemplateBody } from './records.ts';
import { Stores, type TemplateStore } from './stores.ts';

const services = freshDatabase();
const bodyOf = (text: string): TemplateBody => ({
  name: text,
  channels: ['SMS'],
  contents: [{ channel: 'SMS', body: text }],
});

let connection: Connection;
let stores: Stores;
let store: TemplateStore;

beforeAll(async () => {
  connection = await connectMongo(services.mongodbUri, createLogger({ level: 'silent', role: 'test' }));
  stores = new Stores(connection);
  store = stores.templates;
  await stores.ensureCollections();
  await stores.ensureCollections();
});
afterAll(() => connection?.close());

/** Publishes the drafts that there are; how many. */
const publish = (...ids: string[]): Promise<number> => publishIn('w', ids);
const publishIn = (
  workspace: string,
  ids: readonly string[],
  before: () => Promise<void> = async () => undefined,
  by = 'Op',
): Promise<number> =>
  stores.change(workspace, { at: new Date(), by, note: 'why' }, async () => {
    const heads = await store.allHeads(workspace, ids);
    const templates = [...heads.values()].flatMap((head): Change<TemplateBody>[] =>
      head.draft ? [{ kind: 'publish', workspace, id: head.id, head, body: head.draft }] : [],
    );
    await before();
    return { changes: { templates }, result: templates.length };
  });

describe('versions', () => {
  test('a draft keeps its number until it is published; the next draft has the next', async () => {
    expect(await store.saveDraft('w', 't', bodyOf('a'))).toMatchObject({
      nextVersion: 1,
      draft: { name: 'a' },
    });
    expect(await store.saveDraft('w', 't', bodyOf('b'))).toMatchObject({
      nextVersion: 1,
      draft: { name: 'b' },
    });
    expect(await publish('t')).toBe(1);
    const first = await store.head('w', 't');
    expect(first).toMatchObject({ publishedVersion: 1, published: { name: 'b' }, nextVersion: 2 });
    expect(first?.draft).toBeUndefined();
    expect(await publish('t')).toBe(0);
    expect(await store.saveDraft('w', 't', bodyOf('c'))).toMatchObject({
      nextVersion: 2,
      publishedVersion: 1,
    });
    expect(await store.draft('w', 't')).toEqual({ version: 2, body: bodyOf('c') });
    expect(await publish('t')).toBe(1);
    expect(await store.publishedVersion('w', 't')).toBe(2);
    expect(await store.published('w', 't')).toEqual({ version: 2, body: bodyOf('c') });
    expect(await store.version('w', 't', 2)).toEqual(bodyOf('c'));
    expect(await store.version('w', 't', 1)).toEqual(bodyOf('b'));
    expect(await store.version('w', 't', 3)).toBeUndefined();
  });

  test('what is not there', async () => {
    expect(await publish('none')).toBe(0);
    expect(await store.publishedVersion('w', 'none')).toBeUndefined();
    expect(await store.published('w', 'none')).toBeUndefined();
    expect(await store.draft('w', 'none')).toBeUndefined();
    expect(await store.version('w', 'none', 1)).toBeUndefined();
    expect(await store.history('w', 'none', undefined, 10)).toEqual([]);
  });

  test('the same id in two workspaces is two things, also beside ids with colons', async () => {
    await store.saveDraft('w', 'a:b', bodyOf('1'));
    await store.saveDraft('w-2', 'a:b', bodyOf('2'));
    expect((await store.draft('w', 'a:b'))?.body).toEqual(bodyOf('1'));
    expect((await store.draft('w-2', 'a:b'))?.body).toEqual(bodyOf('2'));
  });

  test('the history is newest first, in pages, with who and why', async () => {
    for (let version = 1; version <= 12; version++) {
      await store.saveDraft('w', 'many', bodyOf(`v${version}`));
      await publishIn('w', ['many'], undefined, `Op ${version}`);
    }
    // Another thing whose id begins alike must not be among them.
    await store.saveDraft('w', 'many:11', bodyOf('other'));
    await publish('many:11');
    const first = await store.history('w', 'many', undefined, 5);
    expect(first.map(({ version }) => version)).toEqual([12, 11, 10, 9, 8]);
    expect(first[0]).toMatchObject({ publishedBy: 'Op 12', note: 'why' });
    expect(first[1]).toMatchObject({ publishedBy: 'Op 11', note: 'why', publishedAt: expect.any(Date) });
    const rest = await store.history('w', 'many', 8, 100);
    expect(rest.map(({ version }) => version)).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(rest[0]).not.toHaveProperty('body');
  });
});

describe('races', () => {
  test('two first saves at once leave one draft', async () => {
    const saves = Array.from({ length: 20 }, (_, i) => store.saveDraft('w', 'first', bodyOf(`${i}`)));
    const heads = await Promise.all(saves);
    expect(new Set(heads.map((head) => head.revision)).size).toBe(20);
    expect(heads.every((head) => head.nextVersion === 1)).toBe(true);
  });

  test('of many that publish one draft, one does', async () => {
    await store.saveDraft('w', 'race', bodyOf('only'));
    const results = await Promise.all(Array.from({ length: 8 }, () => publish('race')));
    expect(results.toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(await store.publishedVersion('w', 'race')).toBe(1);
  });

  test('a draft that is saved while the one before is published is not lost', async () => {
    await store.saveDraft('w', 'between', bodyOf('one'));
    let saved = false;
    await publishIn('w', ['between'], async () => {
      if (saved) return;
      saved = true;
      await store.saveDraft('w', 'between', bodyOf('two'));
    });
    // It read the first, found the second, and published that.
    expect(await store.published('w', 'between')).toEqual({ version: 1, body: bodyOf('two') });
    expect(await store.draft('w', 'between')).toBeUndefined();
  });

  test('while versions follow each other, every reader finds one', async () => {
    await store.saveDraft('w', 'busy', bodyOf('v1'));
    await publish('busy');
    let publishing = true;
    const seen = (async () => {
      const versions: number[] = [];
      while (publishing) {
        const published = await store.published('w', 'busy');
        if (!published) throw new Error('nothing was published for a moment');
        expect(published.body.name).toBe(`v${published.version}`);
        expect((await store.version('w', 'busy', published.version))?.name).toBe(`v${published.version}`);
        versions.push(published.version);
      }
      return versions;
    })();
    for (let version = 2; version <= 15; version++) {
      await store.saveDraft('w', 'busy', bodyOf(`v${version}`));
      await publish('busy');
    }
    publishing = false;
    const versions = await seen;
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  test('what is published in between makes the decision be taken again', async () => {
    await store.saveDraft('z', 'a', bodyOf('a'));
    await store.saveDraft('z', 'b', bodyOf('b'));
    let decisions = 0;
    await publishIn('z', ['a'], async () => {
      decisions++;
      if (decisions === 1) await publishIn('z', ['b']);
    });
    expect(decisions).toBe(2);
    expect(await stores.revisions.read('z')).toBe(2);
  });
});

describe('all or nothing', () => {
  const change = (id: string, head: NonNullable<Awaited<ReturnType<TemplateStore['head']>>>) => ({
    kind: 'publish' as const,
    workspace: 'x',
    id,
    head,
    body: bodyOf(`new ${id}`),
  });

  test('one head that was changed meanwhile keeps back all the others, and the revision', async () => {
    for (const id of ['a', 'b', 'c']) await store.saveDraft('x', id, bodyOf(`old ${id}`));
    await publishIn('x', ['a', 'b', 'c']);
    const revision = await stores.revisions.read('x');
    const heads = await store.allHeads('x', ['a', 'b', 'c']);
    let tries = 0;
    const failed = stores.change('x', { at: new Date() }, async () => {
      tries++;
      if (tries > 1) throw new Error('seen enough');
      const templates = [...heads.values()].map((head) => change(head.id, head));
      await store.saveDraft('x', 'c', bodyOf('meanwhile'));
      return { changes: { templates }, result: undefined };
    });
    await expect(failed).rejects.toThrow('seen enough');
    for (const id of ['a', 'b', 'c'])
      expect(await store.published('x', id)).toEqual({ version: 1, body: bodyOf(`old ${id}`) });
    expect((await store.history('x', 'a', undefined, 10)).map(({ version }) => version)).toEqual([1]);
    expect(await stores.revisions.read('x')).toBe(revision);
  });

  test('an end in the middle of the transaction leaves nothing behind', async () => {
    const heads = await store.allHeads('x', ['a', 'b']);
    const session = await connection.startSession();
    try {
      session.startTransaction();
      await store.apply(
        session,
        [...heads.values()].map((head) => change(head.id, head)),
        { at: new Date() },
      );
      // The process dies here: nobody commits.
      await session.abortTransaction();
    } finally {
      await session.endSession();
    }
    expect(await store.published('x', 'a')).toEqual({ version: 1, body: bodyOf('old a') });
    expect((await store.history('x', 'b', undefined, 10)).map(({ version }) => version)).toEqual([1]);
    expect(await publishIn('x', ['c'])).toBe(1);
  });
});

describe('belonging to a package', () => {
  test('drafts move; what is published in one does not', async () => {
    await store.saveDraft('p', 'moves', bodyOf('1'), 'one');
    expect(await store.saveDraft('p', 'moves', bodyOf('2'), 'two')).toMatchObject({ packageKey: 'p:two' });
    expect(await store.saveDraft('p', 'moves', bodyOf('3'))).toMatchObject({ packageKey: 'p:two' });
    await publishIn('p', ['moves']);
    expect(await store.saveDraft('p', 'moves', bodyOf('4'), 'two')).toMatchObject({ packageKey: 'p:two' });
    for (const elsewhere of ['one', null])
      await expect(store.saveDraft('p', 'moves', bodyOf('5'), elsewhere)).rejects.toMatchObject({
        code: 'CONFLICT',
        field: 'input.package',
      });
    expect((await store.draft('p', 'moves'))?.body).toEqual(bodyOf('4'));
  });

  test('two first saves into two packages: it ends in one of them', async () => {
    await Promise.all(['one', 'two'].map((name) => store.saveDraft('p', 'both', bodyOf(name), name)));
    const head = await store.head('p', 'both');
    expect(head?.packageKey).toBe(`p:${head?.draft?.name}`);
  });

  test('pages of a package are by id', async () => {
    for (let i = 0; i < 5; i++) await store.saveDraft('p', `m${i}`, bodyOf(`${i}`), 'paged');
    const first = await store.packagePage('p', 'paged', undefined, 3);
    expect(first.map(({ id }) => id)).toEqual(['m0', 'm1', 'm2']);
    expect(first[0]?.draft).not.toHaveProperty('contents');
    expect((await store.packagePage('p', 'paged', 'm2', 3)).map(({ id }) => id)).toEqual(['m3', 'm4']);
  });
});

describe('pages', () => {
  test('by id, by code point, of one workspace, without the sources', async () => {
    for (const id of ['b', 'a', 'B', 'ä', 'a:b', '~']) await store.saveDraft('pages', id, bodyOf(id));
    await store.saveDraft('pages-2', 'a', bodyOf('other'));
    const all = await store.page('pages', undefined, 10);
    expect(all.map((head) => head.id)).toEqual(['B', 'a', 'a:b', 'b', '~', 'ä']);
    expect(all[0]?.draft).not.toHaveProperty('contents');
    expect((await store.page('pages', 'a:b', 2)).map((head) => head.id)).toEqual(['b', '~']);
  });

  test('a search is for a part of id or name, in any case, and its signs mean themselves', async () => {
    await store.saveDraft('search', 'order.paid', bodyOf('Order (paid)'));
    await store.saveDraft('search', 'orderXpaid', bodyOf('Ümläut'));
    const ids = async (text: string) => (await store.page('search', undefined, 10, text)).map(({ id }) => id);
    expect(await ids('ORDER.P')).toEqual(['order.paid']);
    expect(await ids('(PAID)')).toEqual(['order.paid']);
    expect(await ids('.*')).toEqual([]);
    expect(await ids('order')).toEqual(['order.paid', 'orderXpaid']);
    expect(await ids('üML')).toEqual(['orderXpaid']);
    const page = async (after: string | undefined, limit: number) =>
      (await store.page('search', after, limit, 'order')).map(({ id }) => id);
    expect(await page(undefined, 1)).toEqual(['order.paid']);
    expect(await page('order.paid', 1)).toEqual(['orderXpaid']);
    expect((await store.page('search', undefined, 1, 'order'))[0]?.draft).not.toHaveProperty('contents');
  });

  test('many heads by id', async () => {
    await store.saveDraft('heads', 'x', bodyOf('x'));
    const heads = await store.heads('heads', ['x', 'x', 'nope']);
    expect([...heads.keys()]).toEqual(['x']);
    expect(heads.get('x')?.draft).not.toHaveProperty('contents');
    expect((await store.fullHeads('heads', ['x'])).get('x')?.draft).toEqual(bodyOf('x'));
    expect(await store.heads('heads', [])).toEqual(new Map());
  });
});
