/** What the provider stub writes down of each message, before it answers. */
import { readFile } from 'node:fs/promises';

/** Channels that the stub stands behind. */
export type StubChannel = 'WEBHOOK' | 'EMAIL';

/** One line of the journal; of SMS there is none (see `faults/failover/fakes.ts`). */
export interface Received {
  readonly channel: StubChannel | 'SMS';
  /** The same for every attempt at one delivery: the webhook-id, or the Message-ID without domain. */
  readonly key: string;
  /** Where the message says it: WEBHOOK does. */
  readonly notification?: string;
  readonly delivery?: string;
  /** The recipient: the path of the URL, or the e-mail address. */
  readonly address: string;
  /** The message's body. */
  readonly text: string;
  /** Epoch milliseconds by the stub's clock. */
  readonly at: number;
}

/** Reads a journal. A last line that a kill has cut off was not answered, and is left out. */
export async function readReceived(journalPath: string): Promise<Received[]> {
  let text: string;
  try {
    text = await readFile(journalPath, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.endsWith('}') && line.startsWith('{'))
    .map((line) => JSON.parse(line) as Received);
}
