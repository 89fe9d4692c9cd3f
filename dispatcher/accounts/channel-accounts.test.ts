import { describe, expect, it } from 'vitest';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { AttemptRecord } from '../../subgraphs/notifications/index.ts';
import { sandbox } from '../channels/sandbox/provider.ts';
import { ProviderFlow } from '../flow/provider-flow.ts';
import type { CircuitName, SharedCircuits } from '../flow/shared-circuits.ts';
import type { Account, StoredAccount } from './account.ts';
import { AccountRoom } from './account-room.ts';
import { ChannelAccounts } from './channel-accounts.ts';

/** Circuits that are open for those named, and closed for others. */
const circuitsWith = (open: ReadonlySet<string>) =>
  ({
    peek: ({ provider }: CircuitName) =>
      open.has(provider) ? { kind: 'wait', waitMs: 60_000, why: 'circuit' } : { kind: 'go' },
    enter: async () => ({}),
    report: () => undefined,
    unused: () => undefined,
    refresh: async () => undefined,
  }) as unknown as SharedCircuits;

const open = new Set<string>();
const circuits = circuitsWith(open);
const account = (id: string, standsIn = false): Account => ({
  provider: {
    id,
    definition: sandbox,
    provider: { send: async () => ({ kind: 'accepted' }) },
    ...(standsIn && { standsIn: true }),
  },
  flow: new ProviderFlow({
    provider: id,
    destination: undefined,
    circuits,
    permits: undefined,
    limits: {},
    probeLostAfterMs: 1,
  }),
});
const stored = (
  id: string,
  rules: Partial<StoredAccount['rules']> = {},
  room = new AccountRoom(50),
): StoredAccount => ({
  ...account(id),
  room,
  rules: { workspace: 'w1', order: 100, weight: 100, ...rules },
});
const delivery = (
  changes: { workspace?: string; app?: string; attempts?: AttemptRecord[]; priority?: Priority } = {},
): Parameters<ChannelAccounts['enter']>[1] => ({
  workspace: 'w1',
  app: 'a1',
  attempts: [],
  priority: 'MEDIUM',
  ...changes,
});
const failedAt = (provider: string): AttemptRecord => ({
  at: new Date(0),
  provider,
  ok: false,
  errorCode: 'CHANNEL_UNAUTHORIZED',
  latencyMs: 1,
});
const noPause = async () => false;
async function chosen(accounts: ChannelAccounts, of = delivery()): Promise<string> {
  const permit = await accounts.permit('MEDIUM', 0, noPause);
  if ('waitMs' in permit) return permit.why;
  const entry = await accounts.enter(permit, of, 0, noPause);
  if ('waitMs' in entry) return entry.why;
  entry.admission?.unused();
  return entry.account?.provider.id ?? 'none';
}
function accountsOf(settings: readonly Account[], own: readonly StoredAccount[]): ChannelAccounts {
  const accounts = new ChannelAccounts(settings);
  accounts.replaceStored(own);
  return accounts;
}

describe('the choice among accounts of settings and of workspaces', () => {
  const now = new Date();
  const hour = (offset: number) =>
    `${String((now.getUTCHours() + offset + 24) % 24).padStart(2, '0')}:${String(now.getUTCMinutes()).padStart(2, '0')}`;
  const elsewhen = { from: hour(6), to: hour(8), timezone: 'UTC' };

  it.each<[string, readonly Account[], readonly StoredAccount[], Parameters<typeof delivery>[0], string]>([
    ['of a workspace: its own first', [account('s')], [stored('a')], {}, 'a'],
    ['of another workspace: those of the settings', [account('s')], [stored('a')], { workspace: 'w2' }, 's'],
    ['nobody’s', [], [stored('a')], { workspace: 'w2' }, 'none'],
    ['by order', [], [stored('a', { order: 2 }), stored('b', { order: 1 })], {}, 'b'],
    ['for its app', [account('s')], [stored('a', { apps: ['a2'] }), stored('b', { apps: ['a1'] })], {}, 'b'],
    ['for other apps', [account('s')], [stored('a', { apps: ['a2'] })], {}, 's'],
    ['after a failure of its own', [account('s')], [stored('a')], { attempts: [failedAt('a')] }, 's'],
    ['the sandbox for those without', [account('x', true)], [stored('a')], { workspace: 'w2' }, 'x'],
    [
      'the sandbox does not take over',
      [account('x', true)],
      [stored('a')],
      { attempts: [failedAt('a')] },
      'a',
    ],
    ['for other apps not the sandbox', [account('x', true)], [stored('a', { apps: ['a2'] })], {}, 'none'],
    ['out of its hours', [], [stored('a', { allowedHours: elsewhen })], {}, 'hours'],
    ['out of hours, another', [account('s')], [stored('a', { allowedHours: elsewhen })], {}, 's'],
    ['without a place', [account('s')], [stored('a', {}, new AccountRoom(0))], {}, 'busy'],
    [
      'without a place, of an urgent one',
      [account('s')],
      [stored('a', {}, new AccountRoom(0))],
      { priority: 'HIGH' },
      's',
    ],
    ['without a place anywhere', [], [stored('a', {}, new AccountRoom(0))], {}, 'busy'],
  ])('%s', async (_what, settings, own, of, expected) => {
    expect(await chosen(accountsOf(settings, own), delivery(of))).toBe(expected);
  });

  it('leaves nothing to the sandbox where a workspace has an account that is not in use', async () => {
    const accounts = accountsOf([account('x', true)], []);
    accounts.replaceStored([], new Set(['w1']));
    expect(await chosen(accounts)).toBe('none');
    expect(await chosen(accounts, delivery({ workspace: 'w2' }))).toBe('x');
    accounts.replaceStored([]);
    expect(await chosen(accounts)).toBe('x');
    accounts.replaceStored([], new Set(['w1']));
    expect(await chosen(accounts)).toBe('none');
  });

  it('passes over an account whose circuit is open, and tells when all are', async () => {
    const accounts = accountsOf([account('s')], [stored('a')]);
    open.add('a');
    expect(await chosen(accounts)).toBe('s');
    expect(accounts.shut()).toBeUndefined();
    open.add('s');
    expect(accounts.shut()).toMatchObject({ why: 'circuit' });
    open.clear();
  });

  it('lets an account of a workspace take the place of the settings’ one of the same id', () => {
    const accounts = accountsOf([account('smtp'), account('s')], [stored('smtp')]);
    expect(accounts.providersOf(delivery()).map(({ id }) => id)).toEqual(['smtp', 's']);
    expect(accounts.providersOf(delivery({ workspace: 'w2' })).map(({ id }) => id)).toEqual(['smtp', 's']);
  });

  it('does not count on an account whose hours it is not', () => {
    const accounts = accountsOf([account('s')], [stored('a'), stored('b', { allowedHours: elsewhen })]);
    expect(accounts.providersOf(delivery()).map(({ id }) => id)).toEqual(['a', 's']);
  });

  it('goes by what there is now', async () => {
    const accounts = accountsOf([account('s')], [stored('a')]);
    let changes = 0;
    accounts.onChange(() => changes++);
    const permit = await accounts.permit('MEDIUM', 0, noPause);
    accounts.replaceStored([stored('b')]);
    expect(await accounts.enter(permit as { account: undefined }, delivery(), 0, noPause)).toMatchObject({
      account: { provider: { id: 'b' } },
    });
    accounts.replaceStored([]);
    expect(await chosen(accounts)).toBe('s');
    expect(changes).toBe(2);
  });
});
