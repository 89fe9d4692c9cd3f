import { afterEach, expect, it, vi } from 'vitest';
import { DEVICE_SEEN, type Operation } from '../operations.ts';
import { DeviceSeen } from './device-seen.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A browser with these subscriptions, and what Herald is asked. */
function open(endpoints: readonly (string | null)[], fail: () => boolean = () => false) {
  const getRegistrations = async () =>
    endpoints.map((endpoint) => ({
      pushManager: { getSubscription: async () => (endpoint === null ? null : { endpoint }) },
    }));
  vi.stubGlobal('navigator', { serviceWorker: { getRegistrations } });
  const asked: unknown[] = [];
  return {
    asked,
    herald: {
      request: async <T>(operation: Operation<T>, variables?: unknown): Promise<T> => {
        if (fail()) throw new Error('away');
        asked.push([operation, variables]);
        return { deviceSeen: true } as T;
      },
    },
  };
}

it('tells of each subscription, at most every ten minutes', async () => {
  vi.useFakeTimers();
  const { herald, asked } = open([null, 'https://push.example.com/1']);
  const seen = new DeviceSeen();
  await seen.tell(herald);
  await seen.tell(herald);
  expect(asked).toEqual([[DEVICE_SEEN, { endpoint: 'https://push.example.com/1' }]]);
  vi.advanceTimersByTime(10 * 60_000);
  await seen.tell(herald);
  expect(asked).toHaveLength(2);
});

it('tells again after a failure, which is no failure of the inbox', async () => {
  const said = vi.spyOn(console, 'warn').mockReturnValue();
  let isAway = true;
  const { herald, asked } = open(['https://push.example.com/1'], () => isAway);
  const seen = new DeviceSeen();
  await seen.tell(herald);
  expect(said).toHaveBeenCalledOnce();
  isAway = false;
  await seen.tell(herald);
  expect(asked).toHaveLength(1);
});

it.each([
  ['without push', () => open([null]).herald],
  [
    'where there are no service workers',
    () => {
      const { herald } = open(['https://push.example.com/1']);
      vi.stubGlobal('navigator', {});
      return herald;
    },
  ],
])('says nothing %s', async (_, make) => {
  const herald = make();
  const request = vi.spyOn(herald, 'request');
  await new DeviceSeen().tell(herald);
  expect(request).not.toHaveBeenCalled();
});
