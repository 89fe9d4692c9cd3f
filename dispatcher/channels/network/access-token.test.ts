import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../contract.ts';
import { memorySharedValues } from '../testing/test-deps.ts';
import { healthOfToken, type MadeToken, withAccessToken } from './access-token.ts';

const ACCEPTED: SendOutcome = { kind: 'accepted' };
const REFUSED: SendOutcome = { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', message: 'refused' };

function start(valid: string, shared = memorySharedValues(), signal = AbortSignal.timeout(20_000)) {
  const made: string[] = [];
  const tried: string[] = [];
  const now = () => new Date();
  const run = (make?: () => Promise<MadeToken>) =>
    withAccessToken(
      { shared, name: 'token', now, signal },
      make ??
        (async () => {
          const token = `t${made.length + 1}`;
          made.push(token);
          return { token, expiresInSeconds: 7_200 };
        }),
      async (token) => {
        tried.push(token);
        return token === valid ? ACCEPTED : { tokenRefused: REFUSED };
      },
    );
  return { made, tried, run };
}

describe('withAccessToken', () => {
  it('asks for one token for many attempts', async () => {
    const { made, run } = start('t1');
    expect(await run()).toEqual(ACCEPTED);
    expect(await run()).toEqual(ACCEPTED);
    expect(made).toEqual(['t1']);
  });

  it('drops a token that is refused, and tries once again with the next', async () => {
    const { tried, run } = start('t2');
    expect(await run()).toEqual(ACCEPTED);
    expect(await run()).toEqual(ACCEPTED);
    expect(tried).toEqual(['t1', 't2', 't2']);
  });

  it('tries no third token', async () => {
    const { tried, run } = start('t3');
    expect(await run()).toEqual(REFUSED);
    expect(tried).toEqual(['t1', 't2']);
  });

  it('tells what became of the request for a token, with no message sent', async () => {
    const { tried, run } = start('t1');
    const failed: SendOutcome = {
      kind: 'retryable',
      code: 'CHANNEL_TIMEOUT',
      message: 'no answer',
      mayHaveSent: true,
    };
    expect(await run(async () => ({ failed }))).toEqual({ ...failed, mayHaveSent: false });
    expect(await run(async () => ({ failed: REFUSED }))).toEqual(REFUSED);
    expect(tried).toEqual([]);
  });

  it('tells when the shared values cannot be read, or the time is over', async () => {
    const broken = { get: () => Promise.reject(new Error('redis is away')), drop: async () => undefined };
    expect(await start('t1', broken).run()).toMatchObject({ kind: 'retryable', code: 'CHANNEL_INTERNAL' });
    expect(await start('t1', broken, AbortSignal.abort()).run()).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_TIMEOUT',
      mayHaveSent: false,
    });
  });

  it('tells when another attempt, which asked for the token, was stopped', async () => {
    const other = AbortSignal.abort();
    const shared = { get: () => Promise.reject(other.reason), drop: async () => undefined };
    expect(await start('t1', shared).run()).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_TIMEOUT',
      mayHaveSent: false,
    });
  });

  it('makes the health of it', () => {
    expect(healthOfToken({ token: 't', expiresInSeconds: 1 })).toEqual({ ok: true });
    expect(healthOfToken({ failed: REFUSED })).toEqual({ ok: false, message: 'refused' });
  });
});
