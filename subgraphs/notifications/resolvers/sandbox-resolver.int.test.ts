import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/auth/principal.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { ReadService } from '../read/read-service.ts';
import { SandboxStore } from '../sandbox/sandbox-store.ts';
import { notification, type OpenStore, openStore } from '../testing/open-store.ts';
import { loadersOf } from './deps.ts';
import { sandboxResolver } from './sandbox-resolver.ts';

const services = freshDatabase();
let store: OpenStore;
let read: (principal: Principal, first?: number) => Promise<string[]>;

beforeAll(async () => {
  store = await openStore(services);
  const sandbox = new SandboxStore(store.redis, store.names);
  const resolve = sandboxResolver({ sandbox }, loadersOf(new ReadService(store.models)));
  if (typeof resolve !== 'function') throw new Error('no resolver');
  read = async (principal, first = 25) => {
    const context = { requestId: 'test', principal };
    const messages = await resolve({}, { first }, context, {} as Parameters<typeof resolve>[3]);
    return messages.map((message) => ('id' in message ? String(message.id) : ''));
  };
  for (const app of ['app_1', 'app_2', 'app_1']) {
    const record = notification({ app });
    await store.models.raw.notifications.insertOne(record);
    await sandbox.keep('default', {
      id: `${app} ${record._id}`,
      at: new Date(),
      channel: 'EMAIL',
      address: 'ann@example.com',
      notification: record._id,
      body: 'Hello',
    });
  }
});
afterAll(() => store.close());

const app = (id: string): Principal => ({
  kind: 'app',
  workspace: 'default',
  app: id,
  key: 'key_1',
  ratePerSecond: 1_000,
});
const operator: Principal = {
  kind: 'operator',
  workspace: 'default',
  key: 'key_1',
  name: 'Olga',
  root: true,
};
const appsOf = (ids: string[]) => ids.map((id) => id.slice(0, 5));

describe('sandboxMessages', () => {
  it('shows operators all of their workspace, and apps their own', async () => {
    expect(appsOf(await read(operator))).toEqual(['app_1', 'app_2', 'app_1']);
    expect(appsOf(await read(app('app_1')))).toEqual(['app_1', 'app_1']);
    expect(appsOf(await read(app('app_2'), 1))).toEqual(['app_2']);
    expect(await read(app('app_3'))).toEqual([]);
    expect(await read({ ...operator, workspace: 'other' })).toEqual([]);
  });

  it.each([0, -5, 1_001])('refuses first: %i', async (first) => {
    await expect(read(operator, first)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'first' });
  });
});
