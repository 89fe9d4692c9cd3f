import { expect, it } from 'vitest';
import { sandbox } from '../channels/sandbox/provider.ts';
import { ProviderFlow } from '../flow/provider-flow.ts';
import type { SharedCircuits } from '../flow/shared-circuits.ts';
import type { Account } from './account.ts';
import { SoleAccount } from './sole-account.ts';

/** An account that is shut for another 100 ms, for so many looks. */
function accountShutFor(looks: number) {
  const seen: string[] = [];
  const flow = new ProviderFlow({
    provider: 'sole',
    destination: undefined,
    circuits: {
      peek: () => (looks-- > 0 ? { kind: 'wait', waitMs: 100, why: 'paused' } : { kind: 'go' }),
    } as unknown as SharedCircuits,
    permits: {
      take: async () => {
        seen.push('permit');
        return { granted: true };
      },
    } as unknown as ConstructorParameters<typeof ProviderFlow>[0]['permits'],
    limits: { ratePerSecond: 1 },
    probeLostAfterMs: 1,
  });
  const account: Account = {
    provider: { id: 'sole', definition: sandbox, provider: { send: async () => ({ kind: 'accepted' }) } },
    flow,
  };
  const pause = async (ms: number) => {
    seen.push(`pause ${ms}`);
    return true;
  };
  return { sole: new SoleAccount(account), account, pause, seen };
}

it('takes its permit once the account is open', async () => {
  const { sole, account, pause, seen } = accountShutFor(2);
  expect(await sole.permit('MEDIUM', 60_000, pause)).toEqual({ account });
  expect(seen).toEqual(['pause 100', 'pause 100', 'permit']);
});

it('takes none where that is too long, or the process ends', async () => {
  const { sole, pause, seen } = accountShutFor(10);
  const shut = { waitMs: 100, why: 'paused' };
  expect(await sole.permit('MEDIUM', 0, pause)).toEqual(shut);
  expect(await sole.permit('MEDIUM', 60_000, async () => false)).toEqual(shut);
  expect(seen).toEqual([]);
});
