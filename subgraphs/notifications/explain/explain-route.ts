/** What a send would do, without sending: a dispatcher plans it, as it would, and stores nothing. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { mongo } from 'mongoose';
import { z } from 'zod';
import { sharedNow } from '../../../platform/clock/shared-clock.ts';
import { CHANNELS, SKIP_REASONS } from '../../../platform/graphql/contract-enums.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import { awaitAnswer, giveAnswer } from '../../../platform/queues/dispatcher-answer.ts';
import type { DispatchQueues, ExplainJob } from '../../../platform/queues/queues.ts';
import type { NotificationRecord } from '../records/notification-record.ts';

const { EJSON } = mongo.BSON;
const WAIT_MS = 15_000;

const delivery = z.object({
  action: z.string().optional(),
  channel: z.enum(CHANNELS),
  user: z.string().optional(),
  address: z.string().optional(),
  skipReason: z.enum(SKIP_REASONS).optional(),
  /** In words: why nothing, or not now. */
  because: z.string().optional(),
  /** Of a fallback chain. */
  step: z.number().optional(),
  afterSeconds: z.number().optional(),
  locale: z.string().optional(),
  title: z.string().optional(),
  body: z.string().optional(),
});
export type ExplainedDelivery = z.infer<typeof delivery>;

const explanation = z.object({
  deliveries: z.array(delivery),
  /** There are more recipients than were looked at. */
  hasMore: z.boolean(),
  /** Why it could not be planned. */
  problem: z.string().optional(),
});
export type Explanation = z.infer<typeof explanation>;

interface Deps {
  readonly redis: Redis;
  readonly names: Pick<RedisNames, 'explanation'>;
}

/** @throws HeraldError UNAVAILABLE when no dispatcher answers in time. */
export async function explain(
  record: NotificationRecord,
  { redis, names, queues }: Deps & { readonly queues: Pick<DispatchQueues, 'addExplain'> },
): Promise<Explanation> {
  const id = randomUUID();
  await queues.addExplain({ id, record: EJSON.stringify(record), until: sharedNow() + WAIT_MS });
  return explanation.parse(await awaitAnswer(redis, names.explanation(id), WAIT_MS));
}

/** The record of a job. */
export const explainedRecord = (job: ExplainJob): NotificationRecord =>
  EJSON.parse(job.record) as NotificationRecord;

/** The dispatcher's answer. */
export const answerExplanation = (id: string, answer: Explanation, { redis, names }: Deps): Promise<void> =>
  giveAnswer(redis, names.explanation(id), answer);
