/** Has a dispatcher send a test message through an account, and waits for what came of it. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { sharedNow } from '../../../platform/clock/shared-clock.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import { awaitAnswer, giveAnswer } from '../../../platform/queues/dispatcher-answer.ts';
import type { DispatchQueues, ProviderTestJob } from '../../../platform/queues/queues.ts';

const WAIT_MS = 30_000;

const result = z.object({
  outcome: z.enum(['ACCEPTED', 'RETRYABLE', 'RATE_LIMITED', 'PERMANENT', 'INVALID_RECIPIENT']),
  code: z.string().optional(),
  message: z.string().optional(),
  providerMessageId: z.string().optional(),
  /** In ms. */
  latencyMs: z.number(),
});
/** What came of a test message. */
export type ProviderTestResult = z.infer<typeof result>;

interface Deps {
  readonly redis: Redis;
  readonly names: Pick<RedisNames, 'providerTest'>;
}

/** @throws HeraldError UNAVAILABLE when no dispatcher answers in time. */
export async function testAccount(
  test: Pick<ProviderTestJob, 'workspace' | 'account' | 'ofSettings' | 'to'>,
  { redis, names, queues }: Deps & { readonly queues: Pick<DispatchQueues, 'addProviderTest'> },
  waitMs = WAIT_MS,
): Promise<ProviderTestResult> {
  const id = randomUUID();
  await queues.addProviderTest({ ...test, id, until: sharedNow() + waitMs });
  return result.parse(await awaitAnswer(redis, names.providerTest(id), waitMs));
}

/** The dispatcher's answer. */
export async function answerTest(
  id: string,
  answer: ProviderTestResult,
  { redis, names }: Deps,
): Promise<void> {
  await giveAnswer(redis, names.providerTest(id), answer);
}
