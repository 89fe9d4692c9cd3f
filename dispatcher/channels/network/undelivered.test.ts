import { describe, expect, it } from 'vitest';
import type { Receipt } from '../contract.ts';
import { undelivered } from './undelivered.ts';

const receipt = (kind: Receipt['kind']): Receipt => ({ key: 'k', kind, delivery: 'd', message: 'why' });

describe('undelivered', () => {
  it.each(['complained', 'unsubscribed'] as const)('a message fails, and its recipient has %s', (kind) =>
    expect(undelivered(receipt(kind))).toEqual([receipt('failed'), { ...receipt(kind), key: `k:${kind}` }]),
  );

  it.each(['failed', 'bounced', 'deferred'] as const)('%s is told as it is', (kind) =>
    expect(undelivered(receipt(kind))).toEqual([receipt(kind)]),
  );
});
