import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { HeraldError } from '../../platform/errors/herald-error.ts';
import { ResultSink } from '../subscriptions/result-sink.ts';
import { memoryLog } from '../testing/memory-log.ts';
import { CallerSession } from './caller-session.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function sessionOf(expiresInSeconds: number) {
  const user = (seconds: number): Principal => ({
    kind: 'user',
    workspace: 'w',
    user: 'ada',
    expiresAt: Math.floor(Date.now() / 1000) + seconds,
  });
  let revoked = false;
  let keysChanged: () => void = () => undefined;
  const session = new CallerSession(
    {
      authenticate: async (authorization) => {
        if (revoked) throw new HeraldError('UNAUTHENTICATED', 'revoked');
        return user(authorization === 'longer' ? 3600 : expiresInSeconds);
      },
      onKeysChanged: (listener) => {
        keysChanged = listener;
        return () => undefined;
      },
    },
    memoryLog().log,
  );
  return {
    session,
    revoke: () => {
      revoked = true;
      keysChanged();
    },
  };
}
const code = async (sink: ResultSink) => (await sink.next()).value?.errors?.[0]?.extensions.code;

it('what was being opened when the token ended ends at once; after a renewal nothing does', async () => {
  const { session } = sessionOf(1);
  await session.signIn('token');
  const before = new ResultSink(1);
  session.watch(before);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await code(before)).toBe('UNAUTHENTICATED');
  const late = new ResultSink(1);
  session.watch(late);
  expect(await code(late)).toBe('UNAUTHENTICATED');
  await session.renew('longer');
  const renewed = new ResultSink(1);
  session.watch(renewed);
  expect(renewed.ended).toBe(false);
  session.close();
  expect(renewed.ended).toBe(true);
});

it('what was being opened when the key was revoked ends at once', async () => {
  const { session, revoke } = sessionOf(3600);
  await session.signIn('key');
  revoke();
  await vi.advanceTimersByTimeAsync(1);
  const late = new ResultSink(1);
  session.watch(late);
  expect(await code(late)).toBe('UNAUTHENTICATED');
  session.close();
});
