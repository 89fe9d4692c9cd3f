/** A message that kills whoever delivers it: it must end as a dead letter, and the others go on. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { call } from '../../bench/measure/graph.ts';
import { socketOwner } from '../cluster/socket-owner.ts';
import type { Scenario, Stage } from '../scenario.ts';

/** It must have ended by then. */
const PATIENCE_MS = 120_000;
/** A supervisor starts a dead process again after this. */
const RESTART_MS = 300;

interface Kills {
  readonly url: string;
  readonly count: number;
  /** What went wrong in the killing. */
  readonly troubles: readonly string[];
  close(): Promise<void>;
}

/** A webhook receiver that never answers: the dispatcher that calls it is killed, and started again. */
async function killer({ cluster, pause, say }: Stage): Promise<Kills> {
  const troubles: string[] = [];
  const restarting = new Set<Promise<void>>();
  let count = 0;
  const kill = async (remotePort: number, localPort: number) => {
    const dispatchers = cluster.all('dispatcher');
    const pid = await socketOwner(
      remotePort,
      localPort,
      dispatchers.flatMap(({ pid }) => pid ?? []),
    );
    const victim = dispatchers.find((dispatcher) => dispatcher.pid === pid);
    if (pid === undefined || !victim) throw new Error(`no dispatcher has port ${remotePort}`);
    await victim.kill9();
    count += 1;
    say(`the poison killed ${victim.name} (${count})`);
    await pause(RESTART_MS);
    await victim.start();
  };
  const server = createServer((request) => {
    const { remotePort = 0, localPort = 0 } = request.socket;
    request.socket.on('error', () => request.socket.destroy());
    const killing = kill(remotePort, localPort)
      .catch((error: Error) => void troubles.push(error.message))
      .finally(() => restarting.delete(killing));
    restarting.add(killing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    troubles,
    async close() {
      await Promise.all(restarting);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const stateOf = async ({ store }: Stage, address: string): Promise<string | undefined> =>
  (await store.collection<{ state: string }>('deliveries').findOne({ address } as object))?.state;

/** Messages that were only beside the poison when its worker died must not be dead letters. */
async function innocentDead({ store, seed }: Stage): Promise<string[]> {
  const failed = await store
    .collection<{ content?: { body: string } }>('deliveries')
    .find({ state: 'FAILED', 'content.body': { $gte: `poison-${seed}-`, $lt: `poison-${seed}-p` } } as object)
    .toArray();
  return failed.length === 0
    ? []
    : [`${failed.length} messages beside the poison became dead letters, too: ${failed[0]?.content?.body}`];
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'poison',
    title: 'A poison message: whoever delivers it dies',
    drainSeconds: 60,
    verify: innocentDead,
    fault: async (stage) => {
      const { cluster, load, operatorKey, pause } = stage;
      const kills = await killer(stage);
      try {
        const user = `poisoned-${stage.seed}`;
        const address = `${kills.url}/poison`;
        await call(
          cluster.the('gateway').url,
          operatorKey,
          'mutation($users: [UserInput!]!) { upsertUsers(users: $users) { id } }',
          { users: [{ id: user, addresses: [{ channel: 'WEBHOOK', address }] }] },
        );
        const key = `poison-${stage.seed}-poison`;
        await load.extra({ key, user, channels: ['WEBHOOK'], priority: 'MEDIUM', kind: 'plain' });
        const from = Date.now();
        let state = await stateOf(stage, address);
        while (state !== 'FAILED' && Date.now() - from < PATIENCE_MS) {
          await pause(250);
          state = await stateOf(stage, address);
        }
        const seconds = ((Date.now() - from) / 1000).toFixed(0);
        return {
          note: `FAILED after ${kills.count} kills, ${seconds} s`,
          problems: [
            ...(state === 'FAILED'
              ? []
              : [`after ${kills.count} kills and ${seconds} s it is ${state}, not FAILED`]),
            ...kills.troubles,
          ],
        };
      } finally {
        await kills.close();
      }
    },
  },
];
