/**
 * How many messages of an event a recipient gets at most. Windows are fixed: they begin at multiples of their length
 * since 1970, UTC, and a message belongs to the one that it was due in, whenever it is planned. Counts are kept in
 * Redis, as the ids that were counted, until the window is over: what Redis loses is counted from nothing again.
 */
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { sharedNow } from '../../../platform/clock/shared-clock.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import { chunked } from '../../../platform/queues/queues.ts';
import type { CountedMessage } from './rule-store.ts';

/** Messages in one call: while it runs Redis does nothing else. */
const MAX_IN_CALL = 500;
/** A notification may be planned again so long after its window. */
const GRACE_MS = 3_600_000;

/**
 * KEYS the counts; for each of them three of ARGV: notification, most notifications, milliseconds to keep it.
 * Returns 1 for each that is counted, now or before, else 0.
 */
const COUNT = `
local answers = {}
for i, key in ipairs(KEYS) do
  local id, max, ttl = ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1]), ARGV[3 * i]
  if redis.call('SISMEMBER', key, id) == 1 then
    answers[i] = 1
  elseif redis.call('SCARD', key) < max then
    redis.call('SADD', key, id)
    redis.call('PEXPIRE', key, ttl)
    answers[i] = 1
  else
    answers[i] = 0
  end
end
return answers`;

/** See `RuleStore.countMessages`. @throws what Redis throws. */
export async function countMessages(
  redis: Redis,
  names: RedisNames,
  messages: readonly CountedMessage[],
): Promise<readonly boolean[]> {
  const now = sharedNow();
  const answers = new Map<CountedMessage, boolean>();
  // Only keys of one workspace may be in one call.
  const calls = [...Map.groupBy(messages, ({ workspace }) => workspace).values()].flatMap((own) =>
    chunked(own, MAX_IN_CALL),
  );
  await Promise.all(
    calls.map(async (own) => {
      const keys = own.map((message) => names.throttle(message.workspace, windowOf(message)));
      const rest = own.flatMap((message) => [message.notification, message.max, keptMs(message, now)]);
      const counted = (await redis.eval(COUNT, keys.length, ...keys, ...rest)) as number[];
      own.forEach((message, index) => {
        answers.set(message, counted[index] === 1);
      });
    }),
  );
  return messages.map((message) => answers.get(message) ?? false);
}

/** As `countMessages`, without counting. @throws what Redis throws. */
export async function peekMessages(
  redis: Redis,
  names: RedisNames,
  messages: readonly CountedMessage[],
): Promise<readonly boolean[]> {
  return Promise.all(
    messages.map(
      async (message) =>
        (await redis.scard(names.throttle(message.workspace, windowOf(message)))) < message.max,
    ),
  );
}

const indexOf = ({ at, windowSeconds }: CountedMessage): number =>
  Math.floor(at.getTime() / (windowSeconds * 1_000));

/** No address in plain text, and no key of any length. */
const windowOf = (message: CountedMessage): string =>
  hash(
    'sha256',
    JSON.stringify([message.event, message.recipient, message.windowSeconds, indexOf(message)]),
    'base64url',
  );

const keptMs = (message: CountedMessage, now: number): number =>
  Math.max(0, (indexOf(message) + 1) * message.windowSeconds * 1_000 - now) + GRACE_MS;
