/**
 * A step of a fallback chain that failed is nobody's business once the chain had success: its dead letter is
 * SUPERSEDED. Always in the transaction that ends the failed member, or the one with success, whichever comes last.
 */
import type { ClientSession } from 'mongoose';
import type { DeadLetterRecord } from '../dead-letters/dead-letter-record.ts';
import { listKeys } from '../dead-letters/list-keys.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { membersOf, reached } from './chain-rules.ts';

/**
 * Call it after the transaction has written what became of them, and the dead letters. Costs nothing where none of
 * them is in a chain.
 * @param touched members that have just failed, or had success. One dead letter that a person has decided about stays
 * as it is.
 */
export async function supersedeFailures(
  models: Pick<NotificationModels, 'raw'>,
  touched: readonly Pick<DeliveryRecord, 'chain'>[],
  now: Date,
  session: ClientSession,
): Promise<void> {
  const chains = touched.flatMap(({ chain }) => chain ?? []);
  if (chains.length === 0) return;
  const { deliveries } = models.raw;
  // Two transactions that end a failed and a successful member at the same moment would each not see the other's:
  // both change the first member, so that one of them begins again.
  await deliveries.updateMany(
    { _id: { $in: [...new Set(chains.flatMap(({ members }) => members.slice(0, 1)))] } },
    { $inc: { 'chain.turns': 1 } },
    { session },
  );
  const ids = [...new Set(chains.flatMap(({ members }) => members))];
  const found: DeliveryRecord[] = await deliveries.find({ _id: { $in: ids } }, { session }).toArray();
  const byId = new Map(found.map((delivery) => [delivery._id, delivery]));
  const superseded = new Map<string, DeliveryRecord>();
  for (const delivery of found) {
    if (delivery.state !== 'FAILED' || delivery.superseded) continue;
    const by = reached(membersOf(delivery, byId));
    if (by) superseded.set(delivery._id, by);
  }
  if (superseded.size > 0) await write(models, superseded, now, session);
}

/** @param superseded by the id of the failed one: the one with success. */
async function write(
  { raw }: Pick<NotificationModels, 'raw'>,
  superseded: ReadonlyMap<string, DeliveryRecord>,
  now: Date,
  session: ClientSession,
): Promise<void> {
  const open: DeadLetterRecord[] = await raw.deadLetters
    .find({ _id: { $in: [...superseded.keys()] }, state: 'OPEN' }, { session })
    .toArray();
  const pairs = open.flatMap((letter) => {
    const by = superseded.get(letter._id);
    return by ? [{ letter, by }] : [];
  });
  if (pairs.length === 0) return;
  await raw.deadLetters.bulkWrite(
    pairs.map(({ letter, by }) => ({
      updateOne: {
        filter: { _id: letter._id },
        update: {
          $set: {
            state: 'SUPERSEDED',
            resolvedAt: now,
            resolvedReason: `Its fallback chain had success on ${by.channel}.`,
            supersededBy: by._id,
            ...listKeys(letter, 'SUPERSEDED'),
          },
        },
      },
    })),
    { session, ordered: true },
  );
  await raw.deliveries.bulkWrite(
    pairs.map(({ letter, by }) => ({
      updateOne: {
        filter: { _id: letter._id },
        update: { $set: { superseded: { at: now, by: by._id } } },
      },
    })),
    { session, ordered: true },
  );
}
