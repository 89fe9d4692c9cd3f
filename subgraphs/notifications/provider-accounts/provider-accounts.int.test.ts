import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/auth/principal.ts';
import { accountOfKey, providerAccountKey, scopedKey } from '../../../platform/names/ids.ts';
import { SecretBox } from '../../../platform/secrets/secret-box.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { appPrincipal, OLGA, type OpenGraph, openGraph, TEST_SECRET_KEY } from '../testing/open-graph.ts';
import type { ProviderAccountRecord } from './account-record.ts';

/** An operator of another workspace than the first. */
const ELSEWHERE: Principal = {
  kind: 'operator',
  workspace: 'elsewhere',
  key: 'key_e',
  name: 'Eve',
  root: false,
};
const services = freshDatabase();
const box = new SecretBox(TEST_SECRET_KEY);
let graph: OpenGraph;
const told: { topic: string; key: string }[] = [];
beforeAll(async () => {
  graph = await openGraph(services);
  graph.connections.bus.onInvalidation((message) => told.push(message));
});
afterAll(() => graph.close());

const SAVE = `mutation ($input: ProviderAccountInput!) { saveProviderAccount(input: $input) {
  id provider channels config secretsSet order weight apps ratePerSecond dailyQuota enabled receiptPath problem
  allowedHours { from to timezone } updatedBy { kind name }
} }`;
interface Saved {
  readonly saveProviderAccount: Readonly<Record<string, unknown>>;
}
const save = (input: object, principal = OLGA) =>
  graph.run<Saved>(principal, SAVE, { input }).then(({ saveProviderAccount }) => saveProviderAccount);
const refused = (input: object, principal = OLGA) => graph.refused(principal, SAVE, { input });
const records = () => graph.connections.mongo.collection<ProviderAccountRecord>('provider_accounts');
const record = async (id: string, workspace = 'default') => {
  const found = await records().findOne({ _id: scopedKey(workspace, id) });
  if (!found) throw new Error(`no account ${id}`);
  return found;
};
const audit = (id: string) =>
  graph
    .run<{ auditEntries: { nodes: readonly Readonly<Record<string, unknown>>[] } }>(
      OLGA,
      `query ($id: ID) { auditEntries(filter: { providerAccount: $id }) {
        nodes { action actor { name } providerAccount before after count }
      } }`,
      { id },
    )
    .then(({ auditEntries }) => auditEntries.nodes);
const SCHEMA = {
  type: 'object',
  properties: {
    sid: { type: 'string', title: 'SID' },
    token: { type: 'string', minLength: 3, title: 'Token', secret: true },
  },
  required: ['sid', 'token'],
};

describe('provider accounts', () => {
  it('are not had before a dispatcher has told of its providers', async () => {
    expect(await refused({ id: 'sms', provider: 'acme', config: {} })).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('are of providers that dispatchers told of', async () => {
    const acme = {
      _id: 'acme',
      name: 'Acme',
      channels: ['SMS', 'WHATSAPP'],
      configSchema: JSON.stringify(SCHEMA),
      secretFields: ['token'],
      installationFields: [],
      destinationFields: [],
      installation: false,
      receipts: true,
    } as const;
    const disk = { ...acme, _id: 'disk', name: 'Disk', installation: true, receipts: false };
    await Promise.all([1, 2].map(() => graph.store.providerAccounts.publish([disk, acme])));
    expect(
      await graph.run(OLGA, '{ providers { id name channels configSchema secretFields installation } }'),
    ).toEqual({
      providers: [
        {
          id: 'acme',
          name: 'Acme',
          channels: ['SMS', 'WHATSAPP'],
          configSchema: SCHEMA,
          secretFields: ['token'],
          installation: false,
        },
        expect.objectContaining({ id: 'disk', installation: true }),
      ],
    });
    expect(await refused({ id: 'x', provider: 'amce', config: {} })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.provider',
      message: 'There is no provider "amce"; there are acme, disk.',
    });
    expect(await refused({ id: 'x', provider: 'disk' }, ELSEWHERE)).toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('keep their secrets to themselves, encrypted, and tell all dispatchers of each change', async () => {
    told.length = 0;
    const made = await save({ id: 'sms', provider: 'acme', config: { sid: 'AC1', token: 'top secret' } });
    expect(made).toMatchObject({
      id: 'sms',
      provider: 'acme',
      channels: null,
      config: { sid: 'AC1', token: null },
      secretsSet: ['token'],
      order: 100,
      weight: 100,
      enabled: true,
      receiptPath: '/receipts/default.sms',
      updatedBy: { kind: 'OPERATOR', name: 'Olga' },
    });
    const first = await record('sms');
    expect(JSON.stringify(first)).not.toContain('top secret');
    expect(await graph.store.providerAccounts.configOf(first, box)).toEqual({
      sid: 'AC1',
      token: 'top secret',
    });
    const changed = await save({
      id: 'sms',
      provider: 'acme',
      config: { sid: 'AC2' },
      order: 5,
      channels: ['SMS'],
      allowedHours: { from: '08:00', to: '20:00', timezone: 'Europe/Berlin' },
    });
    expect(changed).toMatchObject({
      config: { sid: 'AC2', token: null },
      order: 5,
      channels: ['SMS'],
      allowedHours: { from: '08:00', to: '20:00', timezone: 'Europe/Berlin' },
    });
    expect(await graph.store.providerAccounts.configOf(await record('sms'), box)).toEqual({
      sid: 'AC2',
      token: 'top secret',
    });
    expect(told).toEqual([1, 2].map(() => ({ topic: 'provider', key: 'default:sms' })));
    const trail = await audit('sms');
    expect(trail).toMatchObject([
      {
        action: 'SAVE_PROVIDER_ACCOUNT',
        actor: { name: 'Olga' },
        providerAccount: 'sms',
        before: { config: { sid: 'AC1', token: null }, order: 100 },
        after: { config: { sid: 'AC2', token: null }, order: 5 },
      },
      { action: 'SAVE_PROVIDER_ACCOUNT', before: null, after: { secretsGiven: ['token'] } },
    ]);
    expect(JSON.stringify(trail)).not.toContain('top secret');
  });

  it('have an address for receipts where their provider sends some', async () => {
    const config = { sid: 'AC1', token: 'abc' };
    expect(await save({ id: 'silent', provider: 'disk', config })).toMatchObject({ receiptPath: null });
    expect(
      await graph.run(OLGA, '{ providerAccounts(includeSettings: false) { id receiptPath } }'),
    ).toMatchObject({
      providerAccounts: expect.arrayContaining([
        { id: 'silent', receiptPath: null },
        { id: 'sms', receiptPath: '/receipts/default.sms' },
      ]),
    });
    await graph.run(OLGA, 'mutation { deleteProviderAccount(id: "silent") }');
  });

  it('are for apps that there are in their workspace', async () => {
    const { createApp } = await graph.run<{ createApp: { app: { id: string } } }>(
      OLGA,
      'mutation { createApp(name: "Shop") { app { id } } }',
      {},
      'users',
    );
    const apps = [createApp.app.id, 'app_console_default'];
    expect(await save({ id: 'sms', provider: 'acme', apps })).toMatchObject({ apps });
    const unknown = { id: 'sms', provider: 'acme', apps: [...apps, 'app_gone'] };
    expect(await refused(unknown)).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.apps.2' });
    const config = { sid: 'E1', token: 'other' };
    expect(await refused({ id: 'theirs', provider: 'acme', config, apps }, ELSEWHERE)).toMatchObject({
      field: 'input.apps.0',
      message: expect.stringContaining('no app'),
    });
    expect((await record('sms')).apps).toEqual(apps);
    await save({ id: 'sms', provider: 'acme', apps: null });
  });

  it.each([
    [{ id: 'SMS', provider: 'acme', config: { sid: 'a', token: 'abc' } }, 'input.id'],
    [{ id: 'new', provider: 'acme', config: { sid: 'a' } }, 'input.config.token'],
    [{ id: 'new', provider: 'acme', config: { sid: 1, token: 'abc' } }, 'input.config.sid'],
    [{ id: 'new', provider: 'acme', config: { sid: 'a', token: 'abc', more: 1 } }, 'input.config.more'],
    [
      { id: 'new', provider: 'acme', config: { sid: 'a', token: 'abc' }, channels: ['EMAIL'] },
      'input.channels.0',
    ],
    [{ id: 'sms', provider: 'disk', config: { sid: 'a', token: 'abc' } }, 'input.provider'],
  ])('refuse %j', async (input, field) => {
    expect(await refused(input)).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  it('are those of one workspace, for its operators', async () => {
    const elsewhere = ELSEWHERE;
    await save({ id: 'sms', provider: 'acme', config: { sid: 'E1', token: 'other' } }, elsewhere);
    const list = (principal: typeof OLGA) => graph.run(principal, '{ providerAccounts { id config } }');
    expect(await list(elsewhere)).toEqual({
      providerAccounts: [{ id: 'sms', config: { sid: 'E1', token: null } }],
    });
    expect(await list(OLGA)).toMatchObject({ providerAccounts: [{ config: { sid: 'AC2' } }] });
    // What was sealed for one account opens in no other one.
    const { secrets } = await record('sms', 'elsewhere');
    const stolen = { ...(await record('sms')), secrets };
    await expect(graph.store.providerAccounts.configOf(stolen, box)).rejects.toThrow('cannot be decrypted');
    for (const query of ['{ providerAccounts { id } }', '{ providers { id } }'])
      expect(await graph.refused(appPrincipal('app_1'), query)).toMatchObject({ code: 'FORBIDDEN' });
    expect(
      await graph.refused(appPrincipal('app_1'), SAVE, { input: { id: 'x', provider: 'acme' } }),
    ).toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('are switched off and on, and deleted', async () => {
    const set = (id: string, enabled: boolean) =>
      [
        'mutation ($id: ID!, $enabled: Boolean!) { setProviderAccountEnabled(id: $id, enabled: $enabled) { enabled } }',
        { id, enabled },
      ] as const;
    await save({ id: 'gone', provider: 'acme', config: { sid: 'AC1', token: 'abc' } });
    const before = await record('gone');
    await graph.store.providerAccounts.tellProblem(before, 'It does not work.');
    expect((await record('gone')).problem).toBe('It does not work.');
    expect(await graph.run(OLGA, ...set('gone', false))).toEqual({
      setProviderAccountEnabled: { enabled: false },
    });
    const off = await record('gone');
    expect(off.revision).not.toBe(before.revision);
    expect(off.problem).toBeUndefined();
    // What is told of a former revision comes too late.
    await graph.store.providerAccounts.tellProblem(before, undefined);
    await graph.store.providerAccounts.tellProblem({ ...before }, 'old');
    expect((await record('gone')).problem).toBeUndefined();
    expect(off.enabled).toBe(false);
    await graph.run(OLGA, ...set('gone', true));
    expect((await record('gone')).enabled).toBe(true);
    const remove = 'mutation { deleteProviderAccount(id: "gone") }';
    expect(await graph.run(OLGA, remove)).toEqual({ deleteProviderAccount: 'gone' });
    expect(await graph.refused(OLGA, remove)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await graph.refused(OLGA, ...set('gone', true))).toMatchObject({ code: 'NOT_FOUND' });
    expect((await audit('gone')).map(({ action }) => action)).toEqual([
      'DELETE_PROVIDER_ACCOUNT',
      'ENABLE_PROVIDER_ACCOUNT',
      'DISABLE_PROVIDER_ACCOUNT',
      'SAVE_PROVIDER_ACCOUNT',
    ]);
  });

  it('are encrypted anew with the newest key when they are read', async () => {
    const rotated = new SecretBox(`another-key-of-at-least-32-characters,${TEST_SECRET_KEY}`);
    const old = await record('sms');
    expect(await graph.store.providerAccounts.configOf(old, rotated)).toMatchObject({ token: 'top secret' });
    const anew = await record('sms');
    expect(anew.secrets.token).not.toBe(old.secrets.token);
    const newest = new SecretBox('another-key-of-at-least-32-characters');
    expect(await graph.store.providerAccounts.configOf(anew, newest)).toMatchObject({ token: 'top secret' });
    // Whoever has the old key alone is told so; a secret that is given again mends it.
    await expect(graph.store.providerAccounts.configOf(anew, box)).rejects.toThrow('HERALD_SECRET_KEY');
    expect(await refused({ id: 'sms', provider: 'acme', order: 1 })).toMatchObject({
      field: 'input.config.token',
    });
    await save({ id: 'sms', provider: 'acme', config: { sid: 'AC2', token: 'again' } });
    expect(await graph.store.providerAccounts.configOf(await record('sms'), box)).toMatchObject({
      token: 'again',
    });
  });

  it('have keys that are unambiguous', () => {
    expect(accountOfKey(providerAccountKey('default', 'sms'))).toEqual({ workspace: 'default', id: 'sms' });
    expect(accountOfKey('smtp')).toEqual({ id: 'smtp' });
  });
});
