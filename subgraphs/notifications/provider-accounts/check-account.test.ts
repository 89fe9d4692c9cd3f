import { describe, expect, it } from 'vitest';
import type { ProviderDefinitionRecord } from './account-record.ts';
import {
  type AccountInput,
  type AccountRules,
  configOf,
  type FormerConfig,
  rulesOf,
} from './check-account.ts';

const definition: ProviderDefinitionRecord = {
  _id: 'acme',
  name: 'Acme',
  channels: ['SMS', 'WHATSAPP'],
  configSchema: JSON.stringify({
    type: 'object',
    properties: {
      sid: { type: 'string', pattern: '^AC' },
      token: { type: 'string', minLength: 3, secret: true },
      origin: { type: 'string' },
      baseUrl: { type: 'string', format: 'uri', installation: true },
    },
    required: ['sid', 'token'],
  }),
  secretFields: ['token'],
  installationFields: ['baseUrl'],
  destinationFields: ['baseUrl', 'origin'],
  installation: false,
  publishedAt: new Date(0),
};
const former: FormerConfig = {
  plain: { sid: 'AC1' },
  secrets: ['token'],
  open: () => 'kept',
};
const refusal = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    const { code, field } = error as { code: string; field?: string };
    return field === undefined ? code : `${code} ${field}`;
  }
};

describe('configOf', () => {
  it.each<[string, unknown, FormerConfig | undefined, boolean, unknown]>([
    ['a new one', { sid: 'AC1', token: 'abc' }, undefined, false, { sid: 'AC1', token: 'abc' }],
    ['a secret that is left out stays', { sid: 'AC2' }, former, false, { sid: 'AC2', token: 'kept' }],
    ['all left out stays', undefined, former, false, { sid: 'AC1', token: 'kept' }],
    ['another secret', { sid: 'AC1', token: 'new' }, former, false, { sid: 'AC1', token: 'new' }],
    ['a secret taken away', { sid: 'AC1', token: null }, former, false, 'BAD_USER_INPUT input.config.token'],
    ['no secret', { sid: 'AC1' }, undefined, false, 'BAD_USER_INPUT input.config.token'],
    ['a wrong secret', { sid: 'AC1', token: 'x' }, undefined, false, 'BAD_USER_INPUT input.config.token'],
    ['a wrong field', { sid: 'XY', token: 'abc' }, undefined, false, 'BAD_USER_INPUT input.config.sid'],
    ['a field that there is not', { sidd: 'AC' }, undefined, false, 'BAD_USER_INPUT input.config.sidd'],
    ['no object', ['sid'], undefined, false, 'BAD_USER_INPUT input.config'],
    [
      'an address, by somebody else',
      { sid: 'AC1', token: 'abc', baseUrl: 'http://10.0.0.1' },
      undefined,
      false,
      'FORBIDDEN',
    ],
    [
      'an address, by an operator of the installation',
      { sid: 'AC1', token: 'abc', baseUrl: 'http://10.0.0.1' },
      undefined,
      true,
      { sid: 'AC1', token: 'abc', baseUrl: 'http://10.0.0.1' },
    ],
    [
      'another address gets no secret that was not given with it',
      { sid: 'AC1', baseUrl: 'http://10.0.0.1' },
      former,
      true,
      'BAD_USER_INPUT input.config.token',
    ],
    [
      'nor does another place that anybody may name',
      { sid: 'AC1', origin: 'https://example.com' },
      former,
      false,
      'BAD_USER_INPUT input.config.token',
    ],
    [
      'a secret that no key opens',
      { sid: 'AC1' },
      {
        ...former,
        open: () => {
          throw new Error('no key');
        },
      },
      false,
      'BAD_USER_INPUT input.config.token',
    ],
  ])('%s', (_what, given, before, root, expected) => {
    expect(refusal(() => configOf(given, before, definition, root))).toEqual(expected);
  });
});

describe('rulesOf', () => {
  const rules: AccountRules = { order: 5, weight: 7, enabled: false, apps: ['app_1'], ratePerSecond: 3 };
  const hours = { from: '08:00', to: '18:00', timezone: 'Europe/Berlin' };

  it.each<[string, Partial<AccountInput>, AccountRules | undefined, unknown]>([
    ['defaults', {}, undefined, { order: 100, weight: 100, enabled: true }],
    ['what is left out stays', { weight: 8 }, rules, { ...rules, weight: 8 }],
    [
      'null takes away',
      { apps: null, ratePerSecond: null, order: null, enabled: true },
      rules,
      { order: 100, weight: 7, enabled: true },
    ],
    ['each once', { channels: ['SMS', 'SMS'] }, undefined, expect.objectContaining({ channels: ['SMS'] })],
    ['hours', { allowedHours: hours }, undefined, expect.objectContaining({ allowedHours: hours })],
    ['another channel', { channels: ['SMS', 'EMAIL'] }, undefined, 'BAD_USER_INPUT input.channels.1'],
    ['no channel', { channels: [] }, undefined, 'BAD_USER_INPUT input.channels'],
    ['no app', { apps: [] }, undefined, 'BAD_USER_INPUT input.apps'],
    ['order', { order: -1 }, undefined, 'BAD_USER_INPUT input.order'],
    ['weight', { weight: 0 }, undefined, 'BAD_USER_INPUT input.weight'],
    ['rate', { ratePerSecond: 0 }, undefined, 'BAD_USER_INPUT input.ratePerSecond'],
    ['quota', { dailyQuota: 0 }, undefined, 'BAD_USER_INPUT input.dailyQuota'],
    [
      'no time',
      { allowedHours: { ...hours, from: '8' } },
      undefined,
      'BAD_USER_INPUT input.allowedHours.from',
    ],
    [
      'no hour',
      { allowedHours: { ...hours, to: '08:00' } },
      undefined,
      'BAD_USER_INPUT input.allowedHours.to',
    ],
    [
      'no zone',
      { allowedHours: { ...hours, timezone: 'Mars/Olympus' } },
      undefined,
      'BAD_USER_INPUT input.allowedHours.timezone',
    ],
  ])('%s', (_what, input, before, expected) => {
    expect(refusal(() => rulesOf(input, before, definition))).toEqual(expected);
  });
});
