/** How long a channel takes from the client's sending to the provider's receiving. */
import { join } from 'node:path';
import type { SentEntry } from '../load/load.ts';
import { readJournal } from '../load/read-journal.ts';
import type { StubChannel } from '../provider/received.ts';
import type { Stage } from '../scenario.ts';

/** In ms, of messages that were sent between the two times and are to go out at once; undefined for none. */
export async function channelLatency(
  stage: Stage,
  channel: StubChannel,
  from: number,
  to: number,
): Promise<{ readonly p95: number; readonly messages: number } | undefined> {
  const sent = await readJournal<SentEntry>(join(stage.dir, 'client', 'sent.jsonl'));
  const receivedAt = new Map<string, number>();
  for (const { channel: by, text, at } of await stage.provider.received())
    if (by === channel && !receivedAt.has(text)) receivedAt.set(text, at);
  const latencies = sent
    .filter(
      ({ at, kind, channels }) => at >= from && at < to && kind === 'plain' && channels.includes(channel),
    )
    .map(({ key, at }) => (receivedAt.get(key) ?? Number.POSITIVE_INFINITY) - at)
    .sort((a, b) => a - b);
  const p95 = latencies[Math.floor(latencies.length * 0.95)];
  return p95 === undefined ? undefined : { p95, messages: latencies.length };
}
