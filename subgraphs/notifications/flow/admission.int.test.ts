import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { newId } from '../../../platform/names/ids.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { Admission } from './admission.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

const ids = (count: number) => Array.from({ length: count }, () => newId('ntf'));

it('refuses by what waits in all queues, counted in ids, and opens again', async () => {
  const admission = new Admission(store.queues, { LOW: 100, MEDIUM: 250, HIGH: 1_000 }, silent);
  const refused = () => (['LOW', 'MEDIUM', 'HIGH'] as const).filter((p) => admission.refusal(p));
  expect(refused()).toEqual([]);
  await store.queues.addPlans('HIGH', [{ ids: ids(60) }, { ids: ids(41) }]);
  await expect.poll(refused).toEqual(['LOW']);
  // Due by the clock that judges it: by the machine's it may lie a millisecond ahead, and then it is delayed.
  await store.queues.addSends('EMAIL', 'LOW', [{ ids: ids(150), attempt: 0, dueAt: sharedDate() }]);
  await expect.poll(refused).toEqual(['LOW', 'MEDIUM']);
  await store.redis.del(`${store.names.queuePrefix}:plan-high:wait`);
  await expect.poll(refused).toEqual(['LOW']);
  await store.redis.del(`${store.names.queuePrefix}:send-email-low:wait`);
  await expect.poll(refused).toEqual([]);
  await admission.close();
});
