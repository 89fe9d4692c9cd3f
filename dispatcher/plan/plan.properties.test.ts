/** Who gets what, for whatever people, preferences and chains there are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import { notification } from '../../subgraphs/notifications/testing/open-store.ts';
import type { FallbackStep } from '../../subgraphs/templates/index.ts';
import type { Preference } from '../../subgraphs/users/index.ts';
import { withChains } from './fallback-chains.ts';
import { isAllowed, type PlanRecipient, plan } from './plan.ts';

const NOW = new Date('2026-05-01T10:00:00Z');
const CHANNELS = ['IN_APP', 'EMAIL', 'SMS', 'TELEGRAM', 'WEB_PUSH'] as const satisfies Channel[];
const channel = fc.constantFrom<Channel>(...CHANNELS);
const channels = fc.uniqueArray(channel, { maxLength: 4 });
const preference: fc.Arbitrary<Preference> = fc
  .tuple(
    fc.option(fc.constantFrom('billing', 'news'), { nil: undefined }),
    fc.option(channel, { nil: undefined }),
    fc.boolean(),
  )
  .map(([category, on, enabled]) => ({
    ...(category !== undefined && { category }),
    ...(on !== undefined && { channel: on }),
    enabled,
  }));
const person = fc
  .tuple(fc.constantFrom('ann', 'bob', 'cem'), fc.boolean(), fc.boolean(), fc.boolean(), channels)
  .map(
    ([id, email, phone, chat, preferredChannels]): PlanRecipient => ({
      id,
      ...(email && { email: `${id}@example.org` }),
      ...(phone && { phone: '+4930123456' }),
      addresses: chat ? [{ channel: 'TELEGRAM', address: `chat-of-${id}` }] : [],
      preferredChannels,
      devices: [],
    }),
  );
const people = fc.uniqueArray(person, { minLength: 1, maxLength: 3, selector: ({ id }) => id });
const chain = fc.option(
  fc
    .uniqueArray(channel, { minLength: 2, maxLength: 4 })
    .map((all): FallbackStep[] =>
      [...all]
        .sort((a, b) => (a === 'IN_APP' ? -1 : b === 'IN_APP' ? 1 : 0))
        .map((one, index) => ({ channels: [one], unless: 'SENT', ...(index > 0 && { afterSeconds: 60 }) })),
    ),
  { nil: undefined },
);

test('everybody is told of once on each channel, nobody against his will, and one step of a chain begins', () => {
  fc.assert(
    fc.property(
      people,
      channels,
      chain,
      fc.array(preference, { maxLength: 4 }),
      channels,
      fc.option(channels, { nil: undefined }),
      (recipients, asked, fallback, preferences, configured, offered) => {
        const own = asked.filter((one) => !fallback?.some((step) => step.channels.includes(one)));
        const planned = plan(
          { to: [], channels: own, category: 'billing', ...(fallback && { fallback }) },
          offered ? { offered } : {},
          recipients,
          new Map(recipients.map(({ id }) => [id, preferences])),
          new Set<Channel>(configured),
          NOW,
        );
        const keys = planned.map((p) => `${p.user} ${p.channel} ${p.address}`);
        expect(new Set(keys).size).toBe(keys.length);
        if (own.length > 0 || fallback)
          for (const { id } of recipients) expect(planned.some(({ user }) => user === id)).toBe(true);
        for (const { channel: on, address, skipReason } of planned) {
          const may =
            isAllowed(preferences, 'billing', on) &&
            configured.includes(on) &&
            (offered?.includes(on) ?? true);
          if (skipReason === undefined) {
            expect(may).toBe(true);
            if (on !== 'IN_APP') expect(address).toBeDefined();
          } else if (may) expect(skipReason).toBe('NO_ADDRESS');
        }
        const { deliveries } = withChains({ notification: notification(), deliveries: planned });
        for (const { id } of recipients) {
          const steps = deliveries.filter(({ user, chain: place }) => user === id && place);
          if (steps.length === 0) continue;
          const begun = new Set(steps.filter(({ chain: p }) => !p?.waits).map(({ chain: p }) => p?.step));
          expect(begun.size).toBe(1);
          expect(Math.min(...steps.map(({ chain: p }) => p?.step ?? 0))).toBe([...begun][0]);
          expect(steps.every(({ skipReason }) => skipReason === undefined)).toBe(true);
        }
      },
    ),
    { numRuns: 500 },
  );
});
