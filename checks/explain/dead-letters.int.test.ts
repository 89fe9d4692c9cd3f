/** The same for dead letters, the audit trail and alerts: on 30,000 of them a page costs what it costs on ten. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../platform/names/ids.ts';
import type { AlertMarkRecord, AlertRecord } from '../../subgraphs/notifications/alerts/alert-record.ts';
import { raiseAlerts } from '../../subgraphs/notifications/alerts/raise-alerts.ts';
import type { AuditRecord } from '../../subgraphs/notifications/audit/audit-record.ts';
import type { DeadLetterRecord } from '../../subgraphs/notifications/dead-letters/dead-letter-record.ts';
import { deadLetterOf } from '../../subgraphs/notifications/dead-letters/insert-dead-letters.ts';
import { listKeys } from '../../subgraphs/notifications/dead-letters/list-keys.ts';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import { type OpenStore, openStore, silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { costOf, problemOf } from './judge.ts';
import { type OpenPlatform, openPlatform, WORKSPACE } from './open-platform.ts';
import { explain, queriesOf, shown } from './watch-queries.ts';

const STORED = 30_000;
const FOREIGN = 'another';
/** Keys, and documents, that one query may look at: a page of 100, or of the 500 that a sifting read takes, and one more. */
const LIMIT = 510;

const services = freshDatabase();
let platform: OpenPlatform;
let store: OpenStore;
beforeAll(async () => {
  platform = await openPlatform(services, { monitorCommands: true });
  store = await openStore(services);
  const letters = Array.from({ length: STORED }, (_, i): DeadLetterRecord => {
    const delivery = {
      _id: newId('dlv'),
      workspace: i % 5 === 0 ? FOREIGN : WORKSPACE,
      app: `app_${i % 50}`,
      notification: `ntf_${i % 1_000}`,
      channel: 'EMAIL',
      priority: 'LOW',
      attempt: 6,
    } as DeliveryRecord;
    const at = new Date(Date.now() - (STORED - i) * 10);
    const letter = deadLetterOf({ delivery, code: 'CHANNEL_TIMEOUT', at });
    const state = i % 3 === 0 ? 'DISCARDED' : 'OPEN';
    return { ...letter, state, ...listKeys(letter, state) };
  });
  const entries = Array.from({ length: STORED }, (_, i): AuditRecord => {
    const workspace = i % 5 === 0 ? FOREIGN : WORKSPACE;
    return {
      _id: `${workspace}|${newId('aud')}`,
      workspace,
      at: new Date(),
      actor: { kind: 'OPERATOR', id: 'key_1', name: 'Olga' },
      action: 'DISCARD',
      deliveries: [],
      notifications: [],
      count: 1,
    };
  });
  for (let from = 0; from < STORED; from += 5_000) {
    await store.models.raw.deadLetters.insertMany(letters.slice(from, from + 5_000));
    await store.models.raw.audit.insertMany(entries.slice(from, from + 5_000));
  }
});
afterAll(async () => {
  await store.close();
  await platform.close();
});

const operate = (query: string) => () => platform.run('notifications', query);
const letters = (args: string, fields = 'nodes { id } pageInfo { endCursor }') =>
  operate(`{ deadLetters(${args}) { ${fields} } }`);

describe('dead letters', () => {
  it.each<[string, string, () => Promise<unknown>, number]>([
    ['the first page of all', 'dead_letters', letters('first: 100'), LIMIT],
    ['the open ones', 'dead_letters', letters('filter: { state: [OPEN] }'), LIMIT],
    ['of an app', 'dead_letters', letters('filter: { app: "app_7", state: [OPEN] }'), LIMIT],
    ['of a notification', 'dead_letters', letters('filter: { notification: "ntf_7" }'), LIMIT],
    ['by a reason that is nowhere', 'dead_letters', letters('filter: { reason: ["NONE"] }'), LIMIT],
    ['in a time', 'dead_letters', letters('filter: { from: "2020-01-01T00:00:00Z" }'), LIMIT],
    // Exact up to 10,000, as the graph says.
    ['counted', 'dead_letters', letters('filter: { state: [OPEN] }', 'totalCount'), 10_100],
    [
      'replayed, where there is nothing to replay',
      'dead_letters',
      operate('mutation { replayDeadLetters(filter: { reason: ["NONE"] }) { count hasMore } }'),
      LIMIT,
    ],
    ['the audit trail', 'audit_entries', operate('{ auditEntries(first: 100) { nodes { id } } }'), LIMIT],
    [
      'the audit trail of somebody who did nothing',
      'audit_entries',
      operate('{ auditEntries(filter: { by: "Eve" }) { nodes { id } } }'),
      LIMIT,
    ],
  ])('%s', async (_what, collection, work, limit) => {
    const queries = await queriesOf(platform.connection, work);
    expect(queries.map((query) => query.collection)).toContain(collection);
    for (const query of queries) {
      const cost = costOf(await explain(platform.connection, query));
      expect([shown(query), cost, problemOf(cost, { limit })]).toEqual([shown(query), cost, undefined]);
    }
  });

  it('a look for alerts costs as much as the alert counts, in every workspace', async () => {
    const { connection, events } = platform;
    const raw = {
      ...store.models.raw,
      deadLetters: connection.collection<DeadLetterRecord>('dead_letters'),
      alerts: connection.collection<AlertRecord>('alerts'),
      alertMarks: connection.collection<AlertMarkRecord>('alert_marks'),
    };
    const rule = { count: 10, windowMs: 3_600_000 };
    const work = async () => {
      const deps = { connection, events, models: { raw }, log: silent };
      expect(await raiseAlerts(deps, rule, new Date())).toHaveLength(2);
    };
    const queries = await queriesOf(platform.connection, work);
    expect(queries.length).toBeGreaterThan(2);
    for (const query of queries) {
      const cost = costOf(await explain(platform.connection, query));
      expect([shown(query), cost, problemOf(cost, { limit: 1_010 })]).toEqual([
        shown(query),
        cost,
        undefined,
      ]);
    }
  });
});
