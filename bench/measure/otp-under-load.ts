/** One-time passwords (HIGH) sent while 200,000 LOW messages wait in the queues. */
import { setInterval, setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { connectMongo } from '../../platform/storage/mongo.ts';
import { type Calling, call } from './graph.ts';
import { paced } from './paced.ts';
import { type Percentiles, percentiles } from './percentiles.ts';
import type { Platform } from './platform.ts';

export interface OtpUnderLoad {
  readonly low: number;
  readonly otps: number;
  /** From the send's answer until the provider had it. */
  readonly fromAccepted: Percentiles;
  /** LOW messages sent a second meanwhile. */
  readonly lowPerSecond: number;
  /** Least number of LOW messages sent in any five seconds: above zero, they are not starved. */
  readonly leastLowInFiveSeconds: number;
}

const BATCH = 1_000;
/** Until the dispatcher is at full speed. */
const SETTLE_MS = 3_000;
const SEND_MANY =
  'mutation($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { error { message } } }';
const SEND = 'mutation($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }';

export async function otpUnderLoad(
  platform: Platform,
  calling: Calling,
  options: { low: number; perSecond: number; seconds: number },
): Promise<OtpUnderLoad> {
  const { url } = platform;
  await platform.stopDispatcher();
  for (let sent = 0; sent < options.low; sent += BATCH) {
    const inputs = Array.from({ length: BATCH }, (_, i) => ({
      content: { body: 'Autumn sale' },
      to: [{ user: calling.users[i % calling.users.length] }],
      channels: ['EMAIL'],
      priority: 'LOW',
    }));
    const { sendNotifications } = await call<{ sendNotifications: { error: { message: string } | null }[] }>(
      url,
      calling.apiKey,
      SEND_MANY,
      { inputs },
    );
    const refused = sendNotifications.find(({ error }) => error);
    if (refused?.error) throw new Error(refused.error.message);
  }
  await platform.startDispatcher('no-op-dispatcher');
  await sleep(Math.min(SETTLE_MS, options.seconds * 1_000));
  const recordedBefore = await platform.recorded();
  const fives: number[] = [];
  const watching = new AbortController();
  const watch = (async () => {
    let last = recordedBefore;
    const { signal } = watching;
    for await (const _ of setInterval(5_000, undefined, { signal })) {
      const now = await platform.recorded();
      fives.push(now - last);
      last = now;
    }
  })().catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
  const begin = performance.now();
  const sends: Promise<{ id: string; at: number }>[] = [];
  const total = options.perSecond * options.seconds;
  await paced(total, options.perSecond, (i) => sends.push(sendOtp(url, calling, i)));
  const sent = await Promise.all(sends);
  const seconds = (performance.now() - begin) / 1_000;
  const recorded = (await platform.recorded()) - recordedBefore;
  watching.abort();
  await watch;
  if (recorded + recordedBefore >= options.low + total)
    throw new Error('the LOW messages were all sent before the last OTP: the queues were not full');
  const sentAt = await sentTimes(platform.mongodbUri, sent);
  return {
    low: options.low,
    otps: total,
    fromAccepted: percentiles(sent.map(({ id, at }) => Math.max(0, (sentAt.get(id) ?? Number.NaN) - at))),
    lowPerSecond: (recorded - total) / seconds,
    leastLowInFiveSeconds: Math.min(...fives) - 5 * options.perSecond,
  };
}

async function sendOtp(url: string, calling: Calling, i: number): Promise<{ id: string; at: number }> {
  const answer = await call<{ sendNotification: { notification: { id: string } } }>(
    url,
    calling.apiKey,
    SEND,
    {
      i: {
        content: { body: `Your code is ${100_000 + i}` },
        to: [{ user: calling.users[i % calling.users.length] }],
        channels: ['EMAIL'],
        priority: 'HIGH',
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
      },
    },
  );
  return { id: answer.sendNotification.notification.id, at: Date.now() };
}

/** Every process has the clock of this machine. @throws Error when one has not been sent within a minute. */
async function sentTimes(
  mongodbUri: string,
  sent: readonly { id: string }[],
): Promise<ReadonlyMap<string, number>> {
  const store = await connectMongo(mongodbUri, pino({ level: 'warn' }), () => true);
  try {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const found = await store
        .collection<{ notification: string; sentAt: Date }>('deliveries')
        .find({ notification: { $in: sent.map(({ id }) => id) }, state: 'SENT' })
        .toArray();
      if (found.length === sent.length)
        return new Map(found.map(({ notification, sentAt }) => [notification, sentAt.getTime()]));
      if (Date.now() > deadline) throw new Error(`${sent.length - found.length} OTPs were not sent`);
      await sleep(200);
    }
  } finally {
    await store.close();
  }
}
