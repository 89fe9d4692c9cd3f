import { describe, expect, test } from 'vitest';
import { type FallbackStepInput, fallbackSteps } from './fallback-input.ts';

const PUSH: FallbackStepInput = { channels: ['WEB_PUSH', 'MOBILE_PUSH'] };
const SMS: FallbackStepInput = { channels: ['SMS'], afterSeconds: 60, unless: 'OPENED' };

describe('fallbackSteps', () => {
  test('keeps what is given and fills in what is not', () => {
    expect(fallbackSteps('input.fallback', [PUSH, SMS, { channels: ['EMAIL'], unless: null }], [])).toEqual([
      { channels: ['WEB_PUSH', 'MOBILE_PUSH'], unless: 'SENT' },
      { channels: ['SMS'], afterSeconds: 60, unless: 'OPENED' },
      { channels: ['EMAIL'], unless: 'SENT' },
    ]);
  });

  test.each<[string, FallbackStepInput[], string, RegExp]>([
    ['no step', [], 'f', /2 to 5 steps; this one has 0/],
    ['one step', [PUSH], 'f', /this one has 1/],
    [
      'six steps',
      (['WEB_PUSH', 'SMS', 'EMAIL', 'SLACK', 'QQ', 'WECOM'] as const).map((c) => ({ channels: [c] })),
      'f',
      /this one has 6/,
    ],
    ['a step without a channel', [PUSH, { channels: [] }], 'f.1.channels', /at least one/],
    ['a channel twice', [PUSH, { channels: ['SMS', 'WEB_PUSH'] }], 'f.1.channels.1', /in the chain already/],
    [
      'a channel that is sent anyway',
      [PUSH, { channels: ['SLACK'] }],
      'f.1.channels.0',
      /leave it out there/,
    ],
    ['IN_APP later', [PUSH, { channels: ['IN_APP'] }], 'f.1.channels.0', /only be in the first step/],
    ['a time of the first', [{ ...PUSH, afterSeconds: 5 }, SMS], 'f.0.afterSeconds', /begins at once/],
    ['a condition of the first', [{ ...PUSH, unless: 'OPENED' }, SMS], 'f.0.unless', /no step before/],
    ['no end of waiting', [PUSH, { channels: ['SMS'], unless: 'OPENED' }], 'f.1.afterSeconds', /how long/],
    ['no time', [PUSH, { ...SMS, afterSeconds: 0 }], 'f.1.afterSeconds', /1 to 604800/],
    ['half a second', [PUSH, { ...SMS, afterSeconds: 0.5 }], 'f.1.afterSeconds', /it is 0.5/],
    ['eight days', [PUSH, { ...SMS, afterSeconds: 691_200 }], 'f.1.afterSeconds', /7 days/],
  ])('%s is refused', (_what, steps, field, message) => {
    const refused = () => fallbackSteps('f', steps, ['SLACK']);
    expect(refused).toThrow(message);
    expect(refused).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field }));
  });
});
