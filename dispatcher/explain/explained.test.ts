import { expect, test } from 'vitest';
import type { PlannedDelivery } from '../../subgraphs/notifications/index.ts';
import { explained } from './explanations.ts';

const quiet = { from: '22:00', to: '07:00' };
const sms = { channel: 'SMS', user: 'ann', address: '+491701234567' } as const;
const HELD = 'It is held until the quiet hours end.';
const SKIPPED = 'The recipient has quiet hours, and the route skips them.';
const LATER = 'Only if the step before fails.';

test.each<[string, Partial<PlannedDelivery>, { skipReason?: string; because?: string }]>([
  ['outside of quiet hours', { quiet: { ...quiet, skip: true } }, {}],
  ['held', { quiet, held: true }, { because: HELD }],
  [
    'skipped',
    { quiet: { ...quiet, skip: true }, held: true },
    { skipReason: 'QUIET_HOURS', because: SKIPPED },
  ],
  ['what is skipped anyhow', { skipReason: 'NO_ADDRESS' }, { skipReason: 'NO_ADDRESS' }],
  [
    'a later step, which has its own time',
    { quiet: { ...quiet, skip: true }, chain: { step: 1, waits: true } as never },
    { because: LATER },
  ],
])('%s', (_name, planned, told) => {
  const made = explained({ ...sms, ...planned });
  expect(made).toMatchObject(told);
  expect(made.skipReason).toBe(told.skipReason);
});
