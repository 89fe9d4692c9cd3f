import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import { emailPage, notification, type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { ReceiptStore } from './receipt-store.ts';
import type { ReceivedReceipt } from './received-receipt.ts';

const services = freshDatabase();
let store: OpenStore;
let receipts: ReceiptStore;
beforeAll(async () => {
  store = await openStore(services);
  receipts = new ReceiptStore({ ...store, log: silent });
});
afterAll(() => store.close());

const ACCOUNT = 'mail-a';
const idOf = (delivery: DeliveryRecord) => `m-${delivery._id}`;
const told = (kind: ReceivedReceipt['kind'], key: string, of: Partial<ReceivedReceipt>): ReceivedReceipt => ({
  key,
  kind,
  ...of,
});

/** E-mails that the account has taken. */
async function sent(count: number, receiptsToCome = true, accountKey?: string): Promise<DeliveryRecord[]> {
  const record = notification({ to: [] });
  await store.models.raw.notifications.insertOne(record);
  const addresses = Array.from({ length: count }, (_, n) => `${record._id}-${n}@example.org`);
  const { queued } = await store.outbox.storePlans([emailPage(record, addresses)], new Date());
  const until = new Date(Date.now() + 60_000);
  const claimed = await store.outbox.claim(
    queued.map(({ id }) => id),
    0,
    'fence',
    new Date(),
    until,
  );
  await store.outbox.record(
    claimed.map((delivery) => ({
      delivery,
      attempt: { at: new Date(), provider: ACCOUNT, ok: true, latencyMs: 1 },
      result: {
        kind: 'sent',
        providerMessageId: idOf(delivery),
        ...(receiptsToCome && { receipts: true as const }),
        ...(accountKey !== undefined && { accountKey }),
      },
    })),
    'fence',
  );
  return claimed;
}
const now = (delivery: DeliveryRecord | undefined) =>
  store.models.raw.deliveries.findOne({ _id: delivery?._id ?? '' });
const kinds = (results: readonly { kind: string }[]) => results.map(({ kind }) => kind);

describe('ReceiptStore', () => {
  it('moves deliveries on, by the id of the provider or of the delivery', async () => {
    const [a, b] = await sent(2);
    if (!a || !b) throw new Error('nothing was sent');
    const results = await receipts.take(
      ACCOUNT,
      [
        told('delivered', 'k1', { providerMessageId: idOf(a) }),
        told('clicked', 'k2', { delivery: b._id }),
        told('opened', 'k3', { providerMessageId: idOf(a) }),
      ],
      new Date(),
    );
    expect(kinds(results)).toEqual(['applied', 'applied', 'applied']);
    expect(await now(a)).toMatchObject({ state: 'DELIVERED', openedAt: expect.any(Date) });
    expect(await now(b)).toMatchObject({ state: 'DELIVERED', clickedAt: expect.any(Date) });
  });

  it('believes an account of a workspace nothing of another workspace', async () => {
    const [a, b] = await sent(2, true, `default.${ACCOUNT}`);
    if (!a || !b) throw new Error('nothing was sent');
    const of = [
      told('delivered', 'w1', { providerMessageId: idOf(a) }),
      told('delivered', 'w2', { delivery: b._id }),
    ];
    expect(kinds(await receipts.take(`elsewhere.${ACCOUNT}`, of, new Date()))).toEqual([
      'unknown',
      'unknown',
    ]);
    expect(kinds(await receipts.take(`default.${ACCOUNT}`, of, new Date()))).toEqual(['applied', 'applied']);
  });

  it('takes each once, however often and from however many at once it is told', async () => {
    const [a] = await sent(1);
    if (!a) throw new Error('nothing was sent');
    const receipt = told('bounced', 'once', { providerMessageId: idOf(a), message: 'no such mailbox' });
    // As in two processes: what one is told at once goes together.
    const other = new ReceiptStore({ ...store, log: silent });
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        (n % 2 === 0 ? receipts : other).take(ACCOUNT, [receipt, receipt], new Date()),
      ),
    );
    expect(kinds(all.flat()).filter((kind) => kind === 'applied')).toHaveLength(1);
    expect(kinds(all.flat()).filter((kind) => kind === 'repeated')).toHaveLength(11);
    expect(await now(a)).toMatchObject({ state: 'FAILED', failedAt: expect.any(Date) });
    expect(await store.models.raw.deadLetters.findOne({ _id: a._id })).toMatchObject({
      reason: 'CHANNEL_ADDRESS_GONE',
      lastError: 'no such mailbox',
      provider: ACCOUNT,
    });
  });

  it('answers each of many at once with what became of its own, whatever account it is of', async () => {
    const deliveries = await sent(40);
    const takes = deliveries.map((d, n) =>
      receipts.take(
        n % 4 === 0 ? 'mail-b' : ACCOUNT,
        [told('delivered', `at-once-${n}`, { delivery: d._id })],
        new Date(),
      ),
    );
    expect((await Promise.all(takes)).map(kinds)).toEqual(
      deliveries.map((_, n) => [n % 4 === 0 ? 'unknown' : 'applied']),
    );
  });

  it('believes no account what it says of the messages of another', async () => {
    const [a] = await sent(1);
    if (!a) throw new Error('nothing was sent');
    const lies = [
      told('bounced', 'lie-1', { delivery: a._id }),
      told('bounced', 'lie-2', { providerMessageId: idOf(a) }),
    ];
    expect(kinds(await receipts.take('mail-b', lies, new Date()))).toEqual(['unknown', 'unknown']);
    expect(await now(a)).toMatchObject({ state: 'SENT' });
  });

  it('knows nothing of messages without receipts to come, and can be told again', async () => {
    const [a] = await sent(1, false);
    if (!a) throw new Error('nothing was sent');
    const receipt = told('delivered', 'late', { providerMessageId: idOf(a) });
    expect(kinds(await receipts.take(ACCOUNT, [receipt], new Date()))).toEqual(['unknown']);
    const byDelivery = { ...receipt, delivery: a._id };
    expect(kinds(await receipts.take(ACCOUNT, [byDelivery], new Date()))).toEqual(['applied']);
    expect(kinds(await receipts.take(ACCOUNT, [byDelivery], new Date()))).toEqual(['repeated']);
  });

  it('takes thousands at once', async () => {
    const deliveries = await sent(500);
    const all = deliveries.map((d, n) => told('delivered', `many-${n}`, { providerMessageId: idOf(d) }));
    const results = await receipts.take(ACCOUNT, all, new Date());
    expect(new Set(kinds(results))).toEqual(new Set(['applied']));
    const open = await store.models.raw.deliveries.countDocuments({
      notification: deliveries[0]?.notification ?? '',
      state: 'SENT',
    });
    expect(open).toBe(0);
  });
});
