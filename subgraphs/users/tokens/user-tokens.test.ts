import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { signUserToken } from '../../../platform/auth/user-token.ts';
import { checkTtl } from './user-tokens.ts';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const key = (secret: string) => new TextEncoder().encode(secret);

describe('checkTtl', () => {
  it.each([
    [undefined, 3_600],
    [null, 3_600],
    [1, 1],
    [86_400, 86_400],
  ])('%s is %s s', (given, expected) => {
    expect(checkTtl(given)).toBe(expected);
  });
  it.each([0, -1, 86_401])('refuses %s', (given) => {
    expect(() => checkTtl(given)).toThrow(expect.objectContaining({ field: 'ttlSeconds' }));
  });
});

describe('signUserToken', () => {
  it('signs what the gateway verifies', async () => {
    const now = new Date('2026-05-01T12:00:00.700Z');
    const { token, expiresAt } = await signUserToken(
      SECRET,
      { workspace: 'acme', user: 'u 1', ttlSeconds: 60 },
      now,
    );
    expect(expiresAt).toEqual(new Date('2026-05-01T12:01:00Z'));
    const { payload, protectedHeader } = await jwtVerify(token, key(SECRET), {
      algorithms: ['HS256'],
      issuer: 'herald',
      audience: 'herald:user',
      currentDate: now,
    });
    expect(protectedHeader.alg).toBe('HS256');
    expect(payload).toMatchObject({ sub: 'u 1', ws: 'acme', iat: 1777636800, exp: 1777636860 });
    await expect(jwtVerify(token, key(`${SECRET}!`), { currentDate: now })).rejects.toThrow('signature');
  });
});
