import { describe, expect, it } from 'vitest';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { UserProfile } from '../contract.ts';
import { checkUser, checkUsers } from './user-input.ts';

/** The field that is refused, `none` when nothing is. */
function refusedField(check: () => unknown): string | undefined {
  try {
    check();
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(HeraldError);
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
    return (error as HeraldError).field;
  }
}

const deep = (levels: number): Record<string, unknown> => {
  let value: Record<string, unknown> = {};
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
};

const BAD: [string, Partial<UserProfile>, string][] = [
  ['an empty id', { id: '' }, 'id'],
  ['an id with a space', { id: 'a b' }, 'id'],
  ['an id too long', { id: 'x'.repeat(201) }, 'id'],
  ['an empty name', { name: ' ' }, 'name'],
  ['a name with a line break', { name: 'a\nb' }, 'name'],
  ['a locale', { locale: 'not a locale' }, 'locale'],
  ['an empty locale', { locale: '' }, 'locale'],
  ['a time zone', { timezone: 'Mars/Olympus' }, 'timezone'],
  ['an offset as time zone', { timezone: '+01:00' }, 'timezone'],
  ['an e-mail address', { email: 'jane' }, 'email'],
  ['a phone number', { phone: '0151 1234' }, 'phone'],
  ['a group', { groups: ['ok', ''] }, 'groups.1'],
  ['too many groups', { groups: Array.from({ length: 501 }, (_, i) => `g${i}`) }, 'groups'],
  ['attributes that are a list', { attributes: [1] }, 'attributes'],
  ['attributes that are a text', { attributes: 'x' }, 'attributes'],
  ['attributes over 64 KiB', { attributes: { a: 'é'.repeat(33_000) } }, 'attributes'],
  ['attributes too deep to serialise', { attributes: deep(100_000) }, 'attributes'],
  ['an IN_APP address', { addresses: [{ channel: 'IN_APP', address: 'x' }] }, 'addresses.0.channel'],
  [
    'an address of the channel',
    {
      addresses: [
        { channel: 'SLACK', address: '#x' },
        { channel: 'SMS', address: 'x' },
      ],
    },
    'addresses.1.address',
  ],
];

describe('checkUser', () => {
  it.each(BAD)('refuses %s', (_, profile, field) => {
    expect(refusedField(() => checkUsers([{ id: 'first' }, { id: 'u1', ...profile }]))).toBe(
      `users.1.${field}`,
    );
  });

  it('keeps what is given, without repeats and nulls, the locale in canonical form', () => {
    expect(
      checkUser(
        {
          id: 'u1',
          name: 'Jane Doe',
          locale: 'pt-br',
          timezone: 'Europe/Berlin',
          email: 'jane@example.com',
          phone: null,
          groups: ['vip', 'vip', 'eu'],
          attributes: { 'a.b': 1, $c: [null] },
          addresses: [
            { channel: 'SLACK', address: '#x' },
            { channel: 'SLACK', address: '#x' },
          ],
          preferredChannels: ['EMAIL', 'IN_APP', 'EMAIL'],
        },
        'users.0',
      ),
    ).toEqual({
      id: 'u1',
      name: 'Jane Doe',
      locale: 'pt-BR',
      timezone: 'Europe/Berlin',
      email: 'jane@example.com',
      groups: ['vip', 'eu'],
      attributes: '{"a.b":1,"$c":[null]}',
      addresses: [{ channel: 'SLACK', address: '#x' }],
      preferredChannels: ['EMAIL', 'IN_APP'],
    });
  });

  it('takes 64 KiB of attributes exactly', () => {
    const attributes = { a: 'x'.repeat(64 * 1024 - '{"a":""}'.length) };
    expect(checkUser({ id: 'u1', attributes }, 'users.0').attributes).toHaveLength(64 * 1024);
  });
});

describe('checkUsers', () => {
  it('takes 1 to 1,000', () => {
    const users = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `u${i}` }));
    expect(refusedField(() => checkUsers([]))).toBe('users');
    expect(refusedField(() => checkUsers(users(1_001)))).toBe('users');
    expect(checkUsers(users(1_000))).toHaveLength(1_000);
  });
  it('refuses an id that is there twice', () => {
    expect(refusedField(() => checkUsers([{ id: 'a' }, { id: 'b' }, { id: 'a' }]))).toBe('users.2.id');
  });
});
