/** Open-loop in-app sends; measures from the send's answer to the moment the stored message is published (Redis). */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Pool } from 'undici';
import { redisNames } from '../../platform/names/redis-names.ts';
import type { Calling } from './graph.ts';
import { paced } from './paced.ts';
import { type Percentiles, percentiles } from './percentiles.ts';

const WARM_UP = 6_000;
const SEND = 'mutation($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }';

export async function publishedLatency(options: {
  url: string;
  redisUrl: string;
  calling: Calling;
  perSecond: number;
  seconds: number;
}): Promise<{ events: number; fromAccepted: Percentiles }> {
  const { url, calling, perSecond, seconds } = options;
  const redis = new Redis(options.redisUrl);
  const published = new Map<string, number>();
  let duplicates = 0;
  redis.on('pmessage', (_pattern: string, _channel: string, text: string) => {
    const { message } = JSON.parse(text) as { message: { body: string } };
    if (published.has(message.body)) duplicates++;
    published.set(message.body, performance.now());
  });
  await redis.psubscribe(
    redisNames(process.env.HERALD_NAMESPACE ?? 'herald')
      .inboxChannel('*')
      .replaceAll(/[[\]?]/g, '\\$&'),
  );
  // A light client: it shares the machine with what is measured.
  const pool = new Pool(url, { connections: 50 });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${calling.apiKey}` };
  const send = async (body: string, user: string): Promise<number> => {
    const i = { content: { body }, to: [{ user }], channels: ['IN_APP'], priority: 'HIGH' };
    const answer = await pool.request({
      path: '/graphql',
      method: 'POST',
      headers,
      body: JSON.stringify({ query: SEND, variables: { i } }),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || text.includes('"errors"')) throw new Error(text);
    return performance.now();
  };
  const userOf = (i: number) => calling.users[i % calling.users.length] ?? '';
  const warmUp = Math.min(WARM_UP, perSecond * seconds);
  for (let i = 0; i < warmUp; i += 20)
    await Promise.all(Array.from({ length: 20 }, (_, k) => send(`warm-up-${i + k}`, userOf(i + k))));
  await sleep(1_000);
  published.clear();
  const total = perSecond * seconds;
  const accepted: Promise<number>[] = [];
  await paced(total, perSecond, (i) => accepted.push(send(`published-${i}`, userOf(i))));
  const acceptedAt = await Promise.all(accepted);
  const deadline = performance.now() + 15_000;
  while (published.size < total && performance.now() < deadline) await sleep(20);
  redis.disconnect();
  await pool.close();
  if (published.size < total) throw new Error(`${total - published.size} of ${total} were not published`);
  if (duplicates > 0) throw new Error(`${duplicates} messages were published twice`);
  return {
    events: total,
    fromAccepted: percentiles(
      acceptedAt.map((at, i) => Math.max(0, (published.get(`published-${i}`) ?? Number.NaN) - at)),
    ),
  };
}
