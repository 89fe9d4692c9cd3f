/** What dispatchers hold, as the store has it. */
import type { Stage } from '../scenario.ts';

interface Claim {
  readonly _id: string;
  readonly fence: string | null;
}

const deliveriesOf = ({ store }: Stage) => store.collection<Claim>('deliveries');

/** Deliveries that are claimed now. */
export const claimsOf = (stage: Stage): Promise<Claim[]> =>
  deliveriesOf(stage)
    .find({ state: 'SENDING' } as object, { projection: { fence: 1 } })
    .toArray();

/** How many of those are still in the hands that held them. */
export async function stillHeld(stage: Stage, claims: readonly Claim[]): Promise<number> {
  const fences = new Map(claims.map(({ _id, fence }) => [_id, fence]));
  const now = await deliveriesOf(stage)
    .find({ _id: { $in: [...fences.keys()] }, state: 'SENDING' } as object, { projection: { fence: 1 } })
    .toArray();
  return now.filter(({ _id, fence }) => fences.get(_id) === fence).length;
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
