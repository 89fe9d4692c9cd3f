/** Listeners of accounts, of the settings and of workspaces: from the source to the delivery and what follows. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import { OLGA, type OpenGraph, openGraph } from '../../subgraphs/notifications/testing/open-graph.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import type { LiveAccount } from '../accounts/stored-accounts.ts';
import type { Listening, Receipt, ReceiptListener } from '../channels/contract.ts';
import type { ConfiguredProvider, ProviderSet } from '../channels/registry.ts';
import { sandbox } from '../channels/sandbox/provider.ts';
import { startDispatcher } from '../dispatcher.ts';
import { pauseMs, type ReceiptListenersDeps, startReceiptListeners } from './receipt-listeners.ts';

const services = freshDatabase();
/** A turn ends when it is given up; one does not run out because the machine stands still. */
const TIMES = { everyMs: 50, lastsMs: 60_000, firstPauseMs: 20, longestPauseMs: 100, endMs: 5_000 };

/** A source that tells what the test gives it, and remembers who listened. */
class Source {
  readonly runs: Listening[] = [];
  active = 0;
  most = 0;
  failsWith: string | undefined;
  readonly listener: ReceiptListener;

  constructor(by: ReceiptListener['by']) {
    this.listener = {
      by,
      run: async (listening) => {
        if (this.failsWith !== undefined) throw new Error(this.failsWith);
        this.runs.push(listening);
        this.active++;
        this.most = Math.max(this.most, this.active);
        listening.ready();
        await new Promise<void>((resolve) =>
          listening.signal.addEventListener('abort', () => resolve(), { once: true }),
        );
        this.active--;
      },
    };
  }

  get take(): Listening['take'] {
    const last = this.runs.at(-1);
    if (!last) throw new Error('nobody listens');
    return last.take;
  }
}

const accountOf = (id: string, listener?: ReceiptListener, key?: string): ConfiguredProvider => ({
  id,
  ...(key !== undefined && { key }),
  definition: { ...sandbox, capabilities: { idempotent: true, html: true } },
  provider: {
    send: async (message) => ({ kind: 'accepted', providerMessageId: `m-${message.delivery}` }),
    ...(listener && { listener }),
  },
});
const setOf = (account: ConfiguredProvider): ProviderSet => ({
  account: (id) => (id === account.id ? account : undefined),
  accountsFor: (channel) => (channel === 'EMAIL' || channel === 'SMS' ? [account] : []),
  describe: () => ({ EMAIL: account.id, SMS: account.id }),
  close: async () => undefined,
});

const mailbox = new Source('oneProcess');
const mail = accountOf('mail-a', mailbox.listener);
let graph: OpenGraph;
let deps: Omit<ReceiptListenersDeps, 'providers' | 'stored'>;
/** While true, what the users subgraph is told is lost. */
let usersAway = false;
const problems: (string | undefined)[] = [];
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  graph = await openGraph(services, { SEND_MAX_ATTEMPTS: '1' });
  const dispatcher = startDispatcher({ ...graph, providers: setOf(mail), log: silent });
  graph.shutdown.onClose('dispatcher', () => dispatcher.close());
  deps = {
    store: graph.store.receipts,
    users: {
      suppress: async (entry) => {
        if (usersAway) throw new Error('away');
        await graph.users.suppress(entry);
      },
      withdrawConsent: (...told) => graph.users.withdrawConsent(...told),
      seen: (sign) => graph.users.seen(sign),
      engaged: (events) => graph.users.engaged(events),
    },
    accounts: { tellReceiptsProblem: async (_record, problem) => void problems.push(problem) },
    connections: graph.connections,
    log: silent,
    lookAgainMs: [100, 300],
    times: TIMES,
  };
});
afterAll(() => graph?.close());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  problems.length = 0;
});

function start(
  account: ConfiguredProvider,
  stored: ReceiptListenersDeps['stored'] = { onChange: () => undefined },
) {
  const listeners = startReceiptListeners({ ...deps, providers: setOf(account), stored });
  cleanups.push(() => listeners.close());
  return listeners;
}

async function send(address: string): Promise<DeliveryRecord> {
  const { sendNotification } = await graph.run<{ sendNotification: { notification: { id: string } } }>(
    OLGA,
    'mutation ($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }',
    { i: { to: [{ channel: 'EMAIL', address }], content: { title: 't', body: 'b' } } },
  );
  const { id } = sendNotification.notification;
  const { mongo } = graph.connections;
  await expect
    .poll(
      async () => (await mongo.collection<NotificationRecord>('notifications').findOne({ _id: id }))?.state,
    )
    .toBe('COMPLETED');
  const delivery = await mongo.collection<DeliveryRecord>('deliveries').findOne({ notification: id });
  if (!delivery) throw new Error('no delivery');
  return delivery;
}
const now = ({ _id }: DeliveryRecord) =>
  graph.connections.mongo.collection<DeliveryRecord>('deliveries').findOne({ _id });
const bounceOf = (delivery: DeliveryRecord, more: Partial<Receipt> = {}): Receipt => ({
  key: `b-${delivery._id}`,
  kind: 'bounced',
  delivery: delivery._id,
  message: 'no such mailbox',
  ...more,
});

describe('a listener', () => {
  it('has what it tells stored, with the suppression, before it hears so', async () => {
    start(mail);
    await expect.poll(() => mailbox.active).toBe(1);
    const delivery = await send('ann@example.com');
    expect(delivery).toMatchObject({ state: 'SENT', provider: 'mail-a' });
    await mailbox.take([bounceOf(delivery)]);
    expect(await now(delivery)).toMatchObject({ state: 'FAILED' });
    expect(await send('ann@example.com')).toMatchObject({ state: 'SKIPPED', skipReason: 'SUPPRESSED' });
  });

  it('finds a delivery by the id of the provider as well, and takes a repeat once', async () => {
    start(mail);
    await expect.poll(() => mailbox.active).toBe(1);
    const delivery = await send('bob@example.com');
    const { delivery: _, ...byMessage } = bounceOf(delivery, {
      kind: 'delivered',
      providerMessageId: `m-${delivery._id}`,
    });
    await Promise.all([mailbox.take([byMessage]), mailbox.take([byMessage, byMessage])]);
    expect(await now(delivery)).toMatchObject({ state: 'DELIVERED' });
  });

  it('hears that it was not stored, tells it again, and nothing is lost', async () => {
    start(mail);
    await expect.poll(() => mailbox.active).toBe(1);
    const delivery = await send('cid@example.com');
    usersAway = true;
    await expect(mailbox.take([bounceOf(delivery)])).rejects.toThrow('away');
    usersAway = false;
    await mailbox.take([bounceOf(delivery)]);
    expect(await send('cid@example.com')).toMatchObject({ state: 'SKIPPED', skipReason: 'SUPPRESSED' });
  });

  it('is not held up by what nobody knows', async () => {
    start(mail);
    await expect.poll(() => mailbox.active).toBe(1);
    await mailbox.take([{ key: 'unknown', kind: 'bounced', delivery: 'dlv_foreign' }]);
  });
});

describe('listeners', () => {
  it('of a mailbox are one over all processes; another takes over', async () => {
    mailbox.most = 0;
    const first = start(mail);
    await expect.poll(() => mailbox.active).toBe(1);
    start(mail);
    start(mail);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(mailbox.active).toBe(1);
    await first.close();
    await expect.poll(() => mailbox.active).toBe(1);
    expect(mailbox.most).toBe(1);
  });

  it('of connections are one in each process', async () => {
    const connection = new Source('eachProcess');
    const account = accountOf('sms-a', connection.listener);
    start(account);
    start(account);
    await expect.poll(() => connection.active).toBe(2);
  });

  it('follow the accounts of workspaces: begun, begun anew with a change, ended; problems are told', async () => {
    const sources = [new Source('eachProcess'), new Source('eachProcess')] as const;
    const live = (n: 0 | 1) =>
      ({
        record: { _id: 'default:own', revision: `${n}` },
        provider: accountOf('own', sources[n].listener, 'default.own'),
      }) as LiveAccount;
    let change: (accounts: readonly LiveAccount[]) => void = () => undefined;
    const [before, after] = [live(0), live(1)];
    sources[0].failsWith = 'The mailbox is closed.';
    start(accountOf('none'), {
      onChange: (listener) => {
        change = (accounts) => listener(accounts, []);
        change([before]);
      },
    });
    await expect.poll(() => problems.at(-1)).toBe('The mailbox is closed.');
    sources[0].failsWith = undefined;
    await expect.poll(() => sources[0].active).toBe(1);
    await expect.poll(() => problems.at(-1)).toBeUndefined();
    change([before]);
    expect(sources[0].runs).toHaveLength(1);
    change([after]);
    await expect.poll(() => sources.map(({ active }) => active)).toEqual([0, 1]);
    change([]);
    await expect.poll(() => sources.map(({ active }) => active)).toEqual([0, 0]);
  });

  it('wait longer after each failure, and not for ever', () => {
    const times = { firstPauseMs: 1_000, longestPauseMs: 300_000 };
    expect([0, 1, 2, 3, 9, 10, 5_000].map((failures) => pauseMs(failures, times))).toEqual([
      1_000, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
    ]);
  });
});
