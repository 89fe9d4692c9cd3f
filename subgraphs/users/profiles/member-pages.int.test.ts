import mongoose, { type Connection, type mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../testing/fresh.ts';
import { ensureCollections, usersModels } from '../store/models.ts';
import type { UserDocument } from '../store/records.ts';
import { MemberPages } from './member-pages.ts';

const services = freshDatabase();
const MEMBERS = 1_050;
const id = (n: number) => `user-${String(n).padStart(5, '0')}`;
let connection: Connection;
beforeAll(async () => {
  connection = await mongoose.createConnection(services.mongodbUri, { monitorCommands: true }).asPromise();
  await ensureCollections(usersModels(connection));
  const now = new Date();
  await connection.collection<UserDocument>('users').insertMany(
    Array.from({ length: MEMBERS }, (_, n) => ({
      _id: `w:${id(n)}`,
      workspace: 'w',
      id: id(n),
      groups: ['all'],
      groupKeys: ['w:all', ...(n % 2 === 0 ? ['w:even'] : [])],
      attributes: '{}',
      addresses: [],
      preferences: [],
      preferredChannels: [],
      createdAt: now,
      updatedAt: now,
    })),
  );
});
afterAll(() => connection?.close());

const open = () => new MemberPages(connection.collection<UserDocument>('users'));
async function all(pages: MemberPages, group: string | undefined, size: number): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const page = await pages.read('w', group, found.at(-1), size);
    found.push(...page);
    if (page.length < size) return found;
  }
}
const ALL = Array.from({ length: MEMBERS }, (_, n) => id(n));

describe('MemberPages', () => {
  it.each([100, 105, 350, 2_000])('reads everybody once, in order, in pages of %i', async (size) => {
    const pages = open();
    expect(await all(pages, 'all', size)).toEqual(ALL);
    expect(await all(pages, 'even', size)).toEqual(ALL.filter((_, n) => n % 2 === 0));
    expect(await all(pages, 'none', size)).toEqual([]);
    expect(await all(pages, undefined, size)).toEqual(ALL);
  });

  it('takes a workspace for no other, whose name begins with its own', async () => {
    for (const other of ['w-1', 'w1', 'v'])
      expect(await open().read(other, undefined, undefined, 10)).toEqual([]);
  });

  it('asks once for each of two who go on at the same places', async () => {
    const pages = open();
    let finds = 0;
    connection.getClient().on('commandSucceeded', ({ commandName }) => {
      if (commandName === 'find') finds += 1;
    });
    let after: string | undefined;
    for (let page = 0; page < 5; page++) {
      const both = await Promise.all([
        pages.read('w', undefined, after, 100),
        pages.read('w', undefined, after, 100),
      ]);
      expect(both).toEqual([ALL.slice(page * 100, page * 100 + 100), both[0]]);
      after = both[0].at(-1);
    }
    expect(finds).toBe(2);
  });

  it('reads groups side by side, and the same group twice', async () => {
    const pages = open();
    const [a, b, c] = await Promise.all([
      all(pages, 'all', 100),
      all(pages, 'even', 100),
      all(pages, 'all', 100),
    ]);
    expect(a).toEqual(ALL);
    expect(b).toHaveLength(MEMBERS / 2);
    expect(c).toEqual(ALL);
  });

  it('starts anywhere, as another process does, and again at a place where it was before', async () => {
    const pages = open();
    for (let again = 0; again < 2; again++)
      expect(await pages.read('w', 'all', id(499), 10)).toEqual(ALL.slice(500, 510));
  });

  it('goes on when the server has dropped its cursors', async () => {
    const pages = open();
    const cursors: mongo.Long[] = [];
    connection.getClient().on('commandSucceeded', ({ commandName, reply }) => {
      if (commandName === 'find') cursors.push((reply as { cursor: { id: mongo.Long } }).cursor.id);
    });
    const first = await pages.read('w', 'all', undefined, 100);
    expect(cursors).toHaveLength(1);
    const killed = await connection.db?.command({ killCursors: 'users', cursors });
    expect(killed?.cursorsKilled).toEqual(cursors);
    expect(await pages.read('w', 'all', first.at(-1), 100)).toEqual(ALL.slice(100, 200));
  });
});
