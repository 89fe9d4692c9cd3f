import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../../platform/logging/logger.ts';
import { connectMongo } from '../../../platform/storage/mongo.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { DraftStore } from './draft-store.ts';
import { type TemplatesModels, templatesModels } from './models.ts';
import type { TemplateBody, TemplateSummary } from './records.ts';

const services = freshDatabase();
const noCheck = async () => undefined;
const bodyOf = (text: string): TemplateBody => ({
  name: text,
  channels: ['SMS'],
  contents: [{ channel: 'SMS', body: text }],
});

let close: () => Promise<void>;
let models: TemplatesModels;
let store: DraftStore<TemplateBody, TemplateSummary>;

beforeAll(async () => {
  const connection = await connectMongo(services.mongodbUri, createLogger({ level: 'silent', role: 'test' }));
  models = templatesModels(connection);
  store = new DraftStore<TemplateBody, TemplateSummary>(models.templates, ['contents']);
  await store.ensureCollections();
  await store.ensureCollections();
  close = () => connection.close();
});
afterAll(() => close());

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
    const first = await store.publish('w', 't', noCheck);
    expect(first).toMatchObject({ head: { publishedVersion: 1, published: { name: 'b' }, nextVersion: 2 } });
    expect('head' in first && first.head.draft).toBeUndefined();
    expect(await store.publish('w', 't', noCheck)).toEqual({ refused: 'noDraft', publishedVersion: 1 });
    expect(await store.saveDraft('w', 't', bodyOf('c'))).toMatchObject({
      nextVersion: 2,
      publishedVersion: 1,
    });
    expect(await store.draft('w', 't')).toEqual({ version: 2, body: bodyOf('c') });
    expect(await store.publish('w', 't', noCheck)).toMatchObject({ head: { publishedVersion: 2 } });
    expect(await store.publishedVersion('w', 't')).toBe(2);
    expect(await store.published('w', 't')).toEqual({ version: 2, body: bodyOf('c') });
    expect(await store.version('w', 't', 2)).toEqual(bodyOf('c'));
    expect(await store.version('w', 't', 1)).toEqual(bodyOf('b'));
    expect(await store.version('w', 't', 3)).toBeUndefined();
  });

  test('what is not there', async () => {
    expect(await store.publish('w', 'none', noCheck)).toEqual({ refused: 'absent' });
    expect(await store.publishedVersion('w', 'none')).toBeUndefined();
    expect(await store.published('w', 'none')).toBeUndefined();
    expect(await store.draft('w', 'none')).toBeUndefined();
    await store.saveDraft('w', 'unpublished', bodyOf('a'));
    expect(await store.version('w', 'unpublished', 1)).toBeUndefined();
    expect(await store.publishedVersion('w', 'unpublished')).toBeUndefined();
  });

  test('a check that throws publishes nothing', async () => {
    await store.saveDraft('w', 'checked', bodyOf('a'));
    const refuse = async (draft: TemplateBody) => {
      throw new Error(`no ${draft.name}`);
    };
    await expect(store.publish('w', 'checked', refuse)).rejects.toThrow('no a');
    expect(await store.publishedVersion('w', 'checked')).toBeUndefined();
    expect(await store.draft('w', 'checked')).toMatchObject({ version: 1 });
  });

  test('names that end like a version are not mixed up', async () => {
    for (const [id, text] of [
      ['x', 'one'],
      ['x:1', 'two'],
      ['x:1:1', 'three'],
    ] as const) {
      await store.saveDraft('w', id, bodyOf(text));
      await store.publish('w', id, noCheck);
      await store.saveDraft('w', id, bodyOf(`${text} again`));
      await store.publish('w', id, noCheck);
    }
    expect(await store.version('w', 'x', 1)).toEqual(bodyOf('one'));
    expect(await store.version('w', 'x:1', 1)).toEqual(bodyOf('two'));
    expect(await store.version('w', 'x:1:1', 1)).toEqual(bodyOf('three'));
  });
});

describe('races', () => {
  test('of first saves, all succeed and one document is there', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.saveDraft('w', 'first', bodyOf(`s${i}`))));
    const head = (await store.fullHeads('w', ['first'])).get('first');
    expect(head).toMatchObject({ nextVersion: 1, revision: 20 });
    expect(head?.draft?.name).toMatch(/^s\d+$/);
    expect(head?.draft?.contents).toEqual([{ channel: 'SMS', body: head?.draft?.name }]);
  });

  test('of publishes of one draft, one publishes', async () => {
    await store.saveDraft('w', 'publishes', bodyOf('a'));
    const results = await Promise.all(
      Array.from({ length: 10 }, () => store.publish('w', 'publishes', noCheck)),
    );
    expect(results.filter((r) => 'head' in r)).toHaveLength(1);
    expect(results.filter((r) => 'refused' in r && r.refused === 'noDraft')).toHaveLength(9);
    expect(await store.publishedVersion('w', 'publishes')).toBe(1);
  });

  test('of saves and publishes, no version is lost, none changes, and the last save is draft or published', async () => {
    await store.saveDraft('w', 'mixed', bodyOf('start'));
    const published = new Map<number, string>();
    let saving = true;
    const publishing = Promise.all(
      [1, 2].map(async () => {
        while (saving) {
          const result = await store.publish('w', 'mixed', noCheck);
          if (!('head' in result)) continue;
          const { publishedVersion = 0, published: summary } = result.head;
          expect(published.has(publishedVersion)).toBe(false);
          published.set(publishedVersion, summary?.name ?? '');
        }
      }),
    );
    for (let i = 0; i < 40; i++) await store.saveDraft('w', 'mixed', bodyOf(`save ${i}`));
    saving = false;
    await publishing;
    expect(published.size).toBeGreaterThan(1);
    expect([...published.keys()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: published.size }, (_, i) => i + 1),
    );
    for (const [version, name] of published)
      expect(await store.version('w', 'mixed', version)).toEqual(bodyOf(name));
    const head = (await store.fullHeads('w', ['mixed'])).get('mixed');
    expect((head?.draft ?? head?.published)?.name).toBe('save 39');
  });

  test('a publish that was cut off after it kept the old version is repeated without harm', async () => {
    await store.saveDraft('w', 'cut', bodyOf('a'));
    await store.publish('w', 'cut', noCheck);
    const head = (await store.fullHeads('w', ['cut'])).get('cut');
    await models.templates.versions.create({
      _id: 'w:cut:1',
      workspace: 'w',
      id: 'cut',
      version: 1,
      body: bodyOf('a'),
      publishedAt: head?.publishedAt,
    });
    await store.saveDraft('w', 'cut', bodyOf('b'));
    expect(await store.publish('w', 'cut', noCheck)).toMatchObject({ head: { publishedVersion: 2 } });
    expect(await store.version('w', 'cut', 1)).toEqual(bodyOf('a'));
  });
});

describe('lists', () => {
  test('are in order of the id, of one workspace, without sources', async () => {
    for (const id of ['b', 'a:1', 'a', 'ä', 'Z', '~', 'z;'])
      for (const workspace of ['list', 'list-2', 'lis'])
        await store.saveDraft(workspace, id, bodyOf(`${workspace} ${id}`));
    const all = await store.page('list', undefined, 100);
    expect(all.map((head) => head.id)).toEqual(['Z', 'a', 'a:1', 'b', 'z;', '~', 'ä']);
    expect(all.every((head) => head.workspace === 'list' && head.draft && !('contents' in head.draft))).toBe(
      true,
    );
    expect((await store.page('list', 'a', 2)).map((head) => head.id)).toEqual(['a:1', 'b']);
    expect(await store.page('list', 'ä', 2)).toEqual([]);
  });

  test('by ids: those of the workspace that are there', async () => {
    const heads = await store.heads('list', ['a', 'b', 'a', 'nope']);
    expect([...heads.keys()].sort()).toEqual(['a', 'b']);
    expect(heads.get('a')?.draft).toEqual({ name: 'list a', channels: ['SMS'] });
    expect((await store.heads('other', ['a'])).size).toBe(0);
    expect((await store.heads('list', [])).size).toBe(0);
  });
});
