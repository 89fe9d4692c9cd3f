import { describe, expect, it } from 'vitest';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { ProviderAccountRecord } from '../../subgraphs/notifications/index.ts';
import { ConfiguredChannels } from './configured-channels.ts';
import type { IdleAccount, LiveAccount } from './stored-accounts.ts';

const recordOf = (workspace: string, apps?: readonly string[]) =>
  ({ workspace, ...(apps && { apps }) }) as ProviderAccountRecord;
const live = (workspace: string, channels: readonly Channel[], apps?: readonly string[]) =>
  ({ record: recordOf(workspace, apps), channels }) as LiveAccount;
const idle = (workspace: string, channels: readonly Channel[], isBroken: boolean): IdleAccount => ({
  record: recordOf(workspace),
  channels,
  isBroken,
});

describe('ConfiguredChannels', () => {
  const settings = new Set<Channel>(['IN_APP', 'EMAIL', 'SMS', 'VOICE']);
  const sandbox = new Set<Channel>(['SMS', 'VOICE']);

  it.each<[string, readonly LiveAccount[], readonly IdleAccount[], readonly Channel[]]>([
    ['those of the settings where a workspace has none', [live('w2', ['SLACK'])], [], [...settings]],
    ['and those of its own', [live('w1', ['SLACK'])], [], [...settings, 'SLACK']],
    [
      'of its own, in the place of the sandbox',
      [live('w1', ['SMS'])],
      [],
      ['IN_APP', 'EMAIL', 'VOICE', 'SMS'],
    ],
    ['for other apps: not the sandbox', [live('w1', ['SMS'], ['a2'])], [], ['IN_APP', 'EMAIL', 'VOICE']],
    ['switched off: not the sandbox', [], [idle('w1', ['SMS'], false)], ['IN_APP', 'EMAIL', 'VOICE']],
    ['switched off: the settings', [], [idle('w1', ['EMAIL'], false)], [...settings]],
    [
      'broken: to fail, not to be passed over',
      [],
      [idle('w1', ['SMS', 'SLACK'], true)],
      ['IN_APP', 'EMAIL', 'VOICE', 'SMS', 'SLACK'],
    ],
  ])('%s', (_what, used, unused, expected) => {
    const channels = new ConfiguredChannels(settings, sandbox);
    channels.replaceStored(used, unused);
    expect([...channels.of({ workspace: 'w1', app: 'a1' })]).toEqual(expected);
  });
});
