import { beforeEach, describe, expect, it } from 'vitest';
import type { NewSuppression } from '../../subgraphs/users/index.ts';
import type { Receipt } from '../channels/contract.ts';
import { type Consequence, consequenceOf, suppressAddressOf, withdrawConsentOf } from './stop-sending.ts';

it.each<[Receipt['kind'], Consequence | undefined]>([
  ['bounced', { kind: 'suppress', reason: 'BOUNCED' }],
  ['complained', { kind: 'suppress', reason: 'COMPLAINED' }],
  ['unsubscribed', { kind: 'withdraw' }],
  ['failed', undefined],
  ['deferred', undefined],
  ['delivered', undefined],
  ['opened', undefined],
  ['clicked', undefined],
  ['dismissed', undefined],
])('%s leads to %o', (kind, consequence) => {
  expect(consequenceOf(kind)).toEqual(consequence);
});

describe('what is written down', () => {
  const said: (NewSuppression | [string, string, object])[] = [];
  beforeEach(() => void said.splice(0));
  /** Knows one user. */
  const users = {
    suppress: async (entry: NewSuppression) => void said.push(entry),
    withdrawConsent: async (workspace: string, user: string, what: object) => {
      if (user !== 'ann') return false;
      said.push([workspace, user, what]);
      return true;
    },
  };
  const mail = { _id: 'dlv_1', workspace: 'w', channel: 'EMAIL' as const, address: 'a@example.com' };

  it('a dead address, with what told so', async () => {
    await suppressAddressOf({ ...mail, user: 'ann' }, 'BOUNCED', 'mail-a', users);
    expect(said).toEqual([
      {
        workspace: 'w',
        channel: 'EMAIL',
        address: 'a@example.com',
        reason: 'BOUNCED',
        account: 'mail-a',
        delivery: 'dlv_1',
      },
    ]);
  });

  it('nothing of browsers, of phones and of what has no address', async () => {
    const phone = { ...mail, channel: 'MOBILE_PUSH' as const, device: { id: 'dev_1' } };
    await suppressAddressOf(phone, 'INVALID', 'push', users);
    await suppressAddressOf({ ...mail, channel: 'WEB_PUSH' }, 'INVALID', 'push', users);
    const { address: _address, ...none } = mail;
    await suppressAddressOf(none, 'INVALID', 'push', users);
    await withdrawConsentOf(none, 'receipt', 'push', users);
    expect(said).toEqual([]);
  });

  it("a user's consent for the category, or for the channel where there is none", async () => {
    await withdrawConsentOf({ ...mail, user: 'ann', category: 'news' }, 'link', undefined, users);
    await withdrawConsentOf({ ...mail, user: 'ann' }, 'receipt', 'mail-a', users);
    expect(said).toEqual([
      ['w', 'ann', { channel: 'EMAIL', category: 'news' }],
      ['w', 'ann', { channel: 'EMAIL' }],
    ]);
  });

  it.each([{}, { user: 'gone' }])('the consent of an address without a user (%o)', async (who) => {
    await withdrawConsentOf({ ...mail, ...who, category: 'news' }, 'receipt', 'mail-a', users);
    expect(said).toEqual([
      {
        workspace: 'w',
        channel: 'EMAIL',
        address: 'a@example.com',
        reason: 'UNSUBSCRIBED',
        category: 'news',
        account: 'mail-a',
        delivery: 'dlv_1',
      },
    ]);
  });
});
