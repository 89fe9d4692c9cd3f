/** Open-loop: batches of e-mails at a fixed rate through a provider that does nothing, until their outcome is stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Calling, call } from './graph.ts';
import { paced } from './paced.ts';

export interface EndToEnd {
  readonly seconds: number;
  readonly offeredPerSecond: number;
  /** Notifications whose outcome was stored, a second, while they were offered. */
  readonly sentPerSecond: number;
  /** From the last acceptance until everything was stored. */
  readonly drainedAfterMs: number;
  /** The same, second by second. */
  readonly bySecond: readonly number[];
  /** MiB of resident memory by role, every few seconds. */
  readonly memory: readonly Readonly<Record<string, number>>[];
}

const BATCH = 100;
const WARM_UP = 60_000;
const SEND_MANY =
  'mutation($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { deduplicated error { message } } }';

export async function endToEnd(options: {
  url: string;
  calling: Calling;
  perSecond: number;
  seconds: number;
  /** Deliveries whose outcome the dispatcher has stored, ever. */
  recorded: () => Promise<number>;
  memory: () => Promise<Readonly<Record<string, number>>>;
}): Promise<EndToEnd> {
  const { url, calling, recorded, perSecond, seconds } = options;
  const inputs = Array.from({ length: BATCH }, (_, i) => ({
    content: { title: 'Benchmark', body: 'Hello from the benchmark' },
    to: [{ user: calling.users[i % calling.users.length] }],
    channels: ['EMAIL'],
  }));
  const offer = async (batches: number, rate: number) => {
    const pending: Promise<void>[] = [];
    await paced(batches, rate / BATCH, () =>
      pending.push(call<Answer>(url, calling.apiKey, SEND_MANY, { inputs }).then(refuseErrors)),
    );
    await Promise.all(pending);
  };
  // Sustained is what is asked: the first seconds of a process are those of its compiler.
  const warm = Math.min(WARM_UP, perSecond * seconds) / BATCH;
  const atStart = await recorded();
  await offer(warm, perSecond / 2);
  while ((await recorded()) - atStart < warm * BATCH) await sleep(100);
  const before = await recorded();
  const memory: Readonly<Record<string, number>>[] = [];
  const bySecond: number[] = [];
  const begin = performance.now();
  let seen = 0;
  const watch = (async () => {
    for (let second = 1; second <= seconds; second++) {
      await sleep(Math.max(0, begin + second * 1_000 - performance.now()));
      const now = (await recorded()) - before;
      bySecond.push(now - seen);
      seen = now;
      if (second % 5 === 0) memory.push(await options.memory());
    }
  })();
  const batches = (perSecond / BATCH) * seconds;
  await offer(batches, perSecond);
  const acceptedAt = performance.now();
  await watch;
  const sentWhileOffered = seen;
  const total = batches * BATCH;
  const deadline = performance.now() + 120_000;
  let done = (await recorded()) - before;
  while (done < total) {
    if (performance.now() > deadline) throw new Error(`${total - done} of ${total} have no outcome`);
    await sleep(100);
    done = (await recorded()) - before;
  }
  if (done > total) throw new Error(`${done} outcomes of ${total} notifications`);
  return {
    seconds,
    offeredPerSecond: total / ((acceptedAt - begin) / 1_000),
    sentPerSecond: sentWhileOffered / seconds,
    drainedAfterMs: performance.now() - acceptedAt,
    bySecond,
    memory,
  };
}

interface Answer {
  readonly sendNotifications: readonly { readonly error: { readonly message: string } | null }[];
}

function refuseErrors({ sendNotifications }: Answer): void {
  const refused = sendNotifications.find(({ error }) => error);
  if (refused?.error) throw new Error(refused.error.message);
}
