import { describe, expect, it } from 'vitest';
import { SignedIds } from './signed-ids.ts';

describe('SignedIds', () => {
  const ids = new SignedIds('bounce', 'new-key,old-key');

  it('reads what it signed, and what an older key signed', () => {
    expect(ids.tokenOf('dlv_1')).toMatch(/^dlv_1\.[\w-]{22}$/);
    expect(ids.idOf(ids.tokenOf('dlv_1'))).toBe('dlv_1');
    expect(ids.idOf(new SignedIds('bounce', 'old-key').tokenOf('dlv_1'))).toBe('dlv_1');
  });

  it.each([
    ['of another id', ids.tokenOf('dlv_1').replace('dlv_1', 'dlv_2')],
    ['of another purpose', new SignedIds('unsubscribe', 'new-key').tokenOf('dlv_1')],
    ['of another key', new SignedIds('bounce', 'foreign').tokenOf('dlv_1')],
    ['without a signature', 'dlv_1'],
    ['cut short', ids.tokenOf('dlv_1').slice(0, -3)],
    ['of nothing', ''],
  ])('refuses one %s', (_what, token) => expect(ids.idOf(token)).toBeUndefined());
});
