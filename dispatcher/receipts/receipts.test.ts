import { expect, it } from 'vitest';
import type { Receipt } from '../channels/contract.ts';
import { signOfLife } from './receipts.ts';

it.each<[Receipt['kind'], ReturnType<typeof signOfLife>]>([
  ['delivered', 'device'],
  ['opened', 'user'],
  ['clicked', 'user'],
  ['dismissed', 'user'],
  ['bounced', undefined],
  ['complained', undefined],
  ['unsubscribed', undefined],
  ['failed', undefined],
  ['deferred', undefined],
])('%s is a sign of life of %s', (kind, sign) => expect(signOfLife(kind)).toBe(sign));
