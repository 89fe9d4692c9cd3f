/** What dispatchers hold, as the store has it. */
import type { Connection } from 'mongoose';
import type { Stage } from '../scenario.ts';

/** A delivery, or a notification whose first attempts are under way, in the hands of one worker. */
export interface Claim {
  readonly id: string;
  readonly token: string | null;
}

interface Held {
  readonly _id: string;
  readonly fence?: string | null;
  readonly planClaim?: string;
}

const PROJECTION = { projection: { fence: 1, planClaim: 1 } };

async function held(store: Connection, ids?: readonly string[]): Promise<Held[]> {
  const own = ids === undefined ? {} : { _id: { $in: ids } };
  const [notifications, deliveries] = await Promise.all([
    store
      .collection<Held>('notifications')
      .find({ ...own, planned: false, planClaim: { $ne: null } } as object, PROJECTION)
      .toArray(),
    store
      .collection<Held>('deliveries')
      .find({ ...own, state: 'SENDING' } as object, PROJECTION)
      .toArray(),
  ]);
  return [...notifications, ...deliveries];
}

const claimOf = ({ _id, fence, planClaim }: Held): Claim => ({ id: _id, token: planClaim ?? fence ?? null });

/** All that is claimed now. */
export const claimsOf = async ({ store }: Pick<Stage, 'store'>): Promise<Claim[]> =>
  (await held(store)).map(claimOf);

/**
 * Attempts that may be under way now: at what is claimed, and at notifications that are due and not planned, whose
 * first attempts begin without a claim. Of a notification with several channels there are several.
 */
export async function attemptsHeld(store: Connection): Promise<number> {
  const [deliveries, unplanned] = await Promise.all([
    store.collection('deliveries').countDocuments({ state: 'SENDING' }),
    store
      .collection<{ readonly _id: string; readonly channels: readonly string[] }>('notifications')
      .find(
        { planned: false, state: { $in: ['ACCEPTED', 'PROCESSING'] }, dueAt: { $lte: new Date() } } as object,
        { projection: { channels: 1 } },
      )
      .toArray(),
  ]);
  return unplanned.reduce((sum, { channels }) => sum + channels.length, deliveries);
}

/** How many of those are still in the hands that held them. */
export async function stillHeld({ store }: Pick<Stage, 'store'>, claims: readonly Claim[]): Promise<number> {
  const tokens = new Map(claims.map(({ id, token }) => [id, token]));
  const now = (await held(store, [...tokens.keys()])).map(claimOf);
  return now.filter(({ id, token }) => tokens.get(id) === token).length;
}

/** Waits until nothing is in those hands any more. @returns seconds that it took; undefined when it took longer than `timeoutMs`. */
export async function untilTakenOver(
  stage: Stage,
  claims: readonly Claim[],
  timeoutMs: number,
): Promise<number | undefined> {
  const from = performance.now();
  while (performance.now() - from < timeoutMs) {
    if ((await stillHeld(stage, claims)) === 0) return (performance.now() - from) / 1000;
    await stage.pause(100);
  }
  return undefined;
}

/**
 * Makes the webhook provider say nothing from now on, and waits until it has written down a number of messages whose
 * yes is still to come. `provider.mode('WEBHOOK', 'ok')` lets the answers go.
 */
export async function holdWebhooks(stage: Stage, atLeast: number): Promise<void> {
  const { WEBHOOK: before } = await stage.provider.attempts();
  await stage.provider.mode('WEBHOOK', 'hold');
  for (let waited = 0; waited < 10_000; waited += 20) {
    const { WEBHOOK: now } = await stage.provider.attempts();
    if (now - before >= atLeast) return;
    await stage.pause(20);
  }
  throw new Error(`the provider got fewer than ${atLeast} webhooks in 10 s`);
}
