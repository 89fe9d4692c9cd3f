import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metricsRegistry } from '../../../platform/http/metrics.ts';
import { newId } from '../../../platform/names/ids.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { DeadLetterRecord } from '../dead-letters/dead-letter-record.ts';
import { deadLetterOf } from '../dead-letters/insert-dead-letters.ts';
import { listKeys } from '../dead-letters/list-keys.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { appPrincipal, OLGA, type OpenGraph, openGraph } from '../testing/open-graph.ts';
import { type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { alertId } from './alert-record.ts';
import { raiseAlerts } from './raise-alerts.ts';
import { startAlerts } from './start-alerts.ts';

const services = freshDatabase();
const RULE = { count: 3, windowMs: 60_000 };
let graph: OpenGraph;
let store: OpenStore;
let workspace: string;
beforeAll(async () => {
  graph = await openGraph(services);
  store = await openStore(services);
});
afterAll(async () => {
  await store.close();
  await graph.close();
});
beforeEach(() => {
  workspace = `w-${newId('key').slice(-12)}`;
});

/** `count` dead letters that came `agoMs` ago. */
async function plant(
  count: number,
  agoMs = 0,
  changes: Partial<DeadLetterRecord> = {},
  code = 'CHANNEL_TIMEOUT',
) {
  const letters = Array.from({ length: count }, () => {
    const delivery = {
      _id: newId('dlv'),
      workspace,
      app: 'app_1',
      notification: newId('ntf'),
      channel: 'EMAIL',
      priority: 'LOW',
      attempt: 1,
    } as DeliveryRecord;
    const letter = { ...deadLetterOf({ delivery, code, at: new Date(Date.now() - agoMs) }), ...changes };
    return { ...letter, ...listKeys(letter, letter.state) };
  });
  await store.models.raw.deadLetters.insertMany(letters);
}
const raise = (now = new Date()) =>
  raiseAlerts({ ...store, log: silent }, RULE, now).then((all) =>
    all.filter((a) => a.workspace === workspace),
  );
const operator = () => ({ ...OLGA, workspace });

interface Alerts {
  readonly alerts: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly nodes: readonly { readonly id: string; readonly message: string }[];
  };
}
const QUERY = `query ($first: Int, $after: String) {
  alerts(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { id kind at message count windowMs reasons }
  }
}`;

describe('an alert', () => {
  it('is raised at the threshold, once for each window, and tells what fails', async () => {
    // Not in the millisecond in which it is raised: those would be in the next window too.
    await plant(2, 10);
    expect(await raise()).toEqual([]);
    await plant(2, 10, {}, 'CHANNEL_UNAUTHORIZED');
    await plant(1, 10, {}, 'CHANNEL_UNAUTHORIZED');
    const now = new Date();
    const [alert] = await raise(now);
    expect(alert).toMatchObject({
      kind: 'DEAD_LETTERS',
      count: 5,
      windowMs: 60_000,
      reasons: { CHANNEL_TIMEOUT: 2, CHANNEL_UNAUTHORIZED: 3 },
      message: expect.stringMatching(/^5 deliveries .* 60 s.* CHANNEL_UNAUTHORIZED/),
    });
    await plant(10);
    expect(await raise(new Date(now.getTime() + 59_000))).toEqual([]);
    const { alerts } = await graph.run<Alerts>(operator(), QUERY);
    expect(alerts.nodes).toMatchObject([{ id: alert && alertId(alert), count: 5, windowMs: 60_000 }]);
    expect(await raise(new Date(now.getTime() + 60_000))).toMatchObject([{ count: 10 }]);
  });

  it('counts what is new: not what is old, but what somebody has decided about already', async () => {
    await plant(5, 61_000);
    await plant(2);
    expect(await raise()).toEqual([]);
    await plant(1, 1_000, { state: 'DISCARDED' });
    expect(await raise()).toMatchObject([{ count: 3 }]);
  });

  it('is raised once though several processes look at the same moment', async () => {
    await plant(3);
    const raised = await Promise.all(Array.from({ length: 6 }, () => raise()));
    expect(raised.flat()).toHaveLength(1);
    expect((await graph.run<Alerts>(operator(), QUERY)).alerts.nodes).toHaveLength(1);
  });

  it('reaches those who watch alerts in its workspace, and nobody who watches deliveries', async () => {
    const watch = (principal: typeof OLGA, query: string) => graph.watch(principal, query);
    const alerts = await watch(operator(), 'subscription { alertRaised { id kind count reasons } }');
    const elsewhere = await watch({ ...OLGA, workspace: 'elsewhere' }, 'subscription { alertRaised { id } }');
    const deliveries = await watch(operator(), 'subscription { deliveryUpdated { id } }');
    const others = [elsewhere.next(), deliveries.next()];
    let heard = false;
    for (const other of others) other.then((event) => (heard ||= !event.done));
    const next = alerts.next();
    await plant(4);
    const [alert] = await raise();
    expect(await next).toMatchObject({
      value: { data: { alertRaised: { id: alert && alertId(alert), kind: 'DEAD_LETTERS', count: 4 } } },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toBe(false);
    for (const stream of [alerts, elsewhere, deliveries]) await stream.return(undefined);
  });

  it('is listed newest first, page by page, for operators alone', async () => {
    await plant(3);
    const now = Date.now();
    for (let window = 0; window < 3; window++) {
      await plant(3, -window * 60_000);
      // Late enough for all that was planted, however long that took.
      await raise(new Date(now + window * 60_000 + 30_000));
    }
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { alerts }: Alerts = await graph.run<Alerts>(operator(), QUERY, { first: 2, after });
      seen.push(...alerts.nodes.map((node) => node.id));
      after = alerts.pageInfo.hasNextPage ? alerts.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toHaveLength(3);
    expect(seen).toEqual(seen.toSorted().reverse());
    expect(await graph.refused(appPrincipal('app_1'), QUERY)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await graph.refused(undefined, QUERY)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await graph.refused(OLGA, QUERY, { after: 'x' })).toMatchObject({ field: 'after' });
    await expect(graph.watch(appPrincipal('app_1'), 'subscription { alertRaised { id } }')).rejects.toThrow(
      'operator key',
    );
  });
});

describe('startAlerts', () => {
  const openLetters = async () => {
    const [value] = (await metricsRegistry.getSingleMetric('herald_dead_letters_open')?.get())?.values ?? [];
    return value?.value;
  };

  it('looks by itself, measures what is open, and lets another process go on', async () => {
    const start = () =>
      startAlerts({
        ...store,
        rule: RULE,
        log: silent,
        lookMs: 20,
      });
    const first = start();
    await plant(4);
    await expect
      .poll(() => graph.run<Alerts>(operator(), QUERY).then(({ alerts }) => alerts.nodes.length))
      .toBe(1);
    const open = await store.models.raw.deadLetters.countDocuments({ state: 'OPEN' });
    expect(open).toBeGreaterThanOrEqual(4);
    await expect.poll(openLetters).toBe(open);
    await first.close();
    const second = start();
    workspace = `${workspace}-2`;
    await plant(3);
    await expect
      .poll(() => graph.run<Alerts>(operator(), QUERY).then(({ alerts }) => alerts.nodes.length))
      .toBe(1);
    await second.close();
  });
});
