/** How many test messages a workspace may send: each is a real message to somebody, at somebody's cost. */
import type { Redis } from 'ioredis';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';

export const MAX_TESTS = 10;
const WINDOW_MS = 60_000;

/** KEYS[1] count; ARGV[1] window in ms. Returns {tests in this window, ms until it ends}. */
const COUNT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`;

/** @throws HeraldError RATE_LIMITED with `retryAfterMs` once the workspace has had its tests of this minute. */
export async function countTest(
  workspace: string,
  redis: Redis,
  names: Pick<RedisNames, 'providerTests'>,
): Promise<void> {
  const [count, leftMs] = (await redis.eval(COUNT, 1, names.providerTests(workspace), WINDOW_MS)) as [
    number,
    number,
  ];
  if (count <= MAX_TESTS) return;
  const retryAfterMs = Math.max(1, leftMs);
  throw new HeraldError(
    'RATE_LIMITED',
    `A workspace may send ${MAX_TESTS} test messages a minute. Try again in ${Math.ceil(retryAfterMs / 1_000)} s.`,
    { retryAfterMs },
  );
}
