import { expect, it } from 'vitest';
import type { RouteAction } from '../contract.ts';
import { unofferedChannels } from './unoffered-channels.ts';

const action: RouteAction = { name: 'a', template: 't', recipients: [{ caller: true }], channels: [] };

it.each<[string, Partial<RouteAction>, string[]]>([
  ['what the template offers', { channels: ['EMAIL', 'IN_APP'] }, []],
  ['a channel', { channels: ['EMAIL', 'SMS'] }, ['actions.0.channels.1']],
  [
    'one of a chain',
    {
      fallback: [
        { channels: ['IN_APP'], unless: 'SENT' },
        { channels: ['EMAIL', 'VOICE'], unless: 'SENT' },
      ],
    },
    ['actions.0.fallback.1.channels.1'],
  ],
  [
    'an address',
    { recipients: [{ user: 'u' }, { channel: 'WEBHOOK', addressFrom: 'url' }] },
    ['actions.0.recipients.1.channel'],
  ],
  ['anything of a template that is not there', { template: 'gone', channels: ['SMS'] }, []],
])('%s', (_what, changes, fields) => {
  const found = unofferedChannels({ actions: [{ ...action, ...changes }] }, (template) =>
    template === 't' ? ['EMAIL', 'IN_APP'] : undefined,
  );
  expect(found.map(({ field }) => field)).toEqual(fields);
});
