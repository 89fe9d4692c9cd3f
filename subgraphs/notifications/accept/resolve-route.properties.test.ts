/** What a route makes of an event, for whatever routes and data there are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { PublishedRoute, RouteAction, RouteRecipient } from '../../templates/index.ts';
import { routed } from './resolve-route.ts';

const NOW = new Date('2026-05-01T10:00:00Z');
const name = fc.constantFrom('ann', 'bob', 'cem');
const condition = fc.option(
  fc.constantFrom(
    'data.total > 5',
    'data.total <= 5',
    'has(data.vip)',
    'data.missing.more == 1',
    'event == "e"',
  ),
  { nil: undefined },
);
const recipient: fc.Arbitrary<RouteRecipient> = fc.oneof(
  fc.constant<RouteRecipient>({ caller: true }),
  name.map((user) => ({ user })),
  name.map((group) => ({ group })),
  fc.constant<RouteRecipient>({ userFrom: 'customer' }),
  fc.constant<RouteRecipient>({ channel: 'EMAIL', addressFrom: 'mail' }),
);
const action = fc.record({
  when: condition,
  recipients: fc.array(recipient, { minLength: 1, maxLength: 3 }),
});
const route = fc.record({ when: condition, actions: fc.array(action, { maxLength: 4 }) }).map(
  ({ when, actions }): PublishedRoute => ({
    event: 'e',
    version: 1,
    ...(when !== undefined && { when }),
    actions: actions.map(
      ({ when: own, recipients }, index): RouteAction => ({
        name: `a${index}`,
        template: 't',
        ...(own !== undefined && { when: own }),
        recipients,
        channels: [],
      }),
    ),
    priority: 'MEDIUM',
    delaySeconds: 0,
    cancelOn: [],
    quietHours: 'HOLD',
    followUps: [],
  }),
);
const data = fc.record(
  {
    total: fc.integer({ min: 0, max: 10 }),
    vip: fc.boolean(),
    customer: fc.oneof(name, fc.array(name, { minLength: 1, maxLength: 3 }), fc.constant(null)),
    mail: fc.constantFrom('a@example.org', 'not an address'),
  },
  { requiredKeys: ['total'] },
);
const to = fc.array(
  name.map((user) => ({ user })),
  { maxLength: 3 },
);

test('every action is sent or passed over, never both, and whoever is sent to was named by somebody', () => {
  fc.assert(
    fc.property(route, data, to, (own, variables, callers) => {
      const answer = routed(own, { event: 'e', data: variables, to: callers }, 'input', NOW);
      if (answer instanceof HeraldError) {
        expect(answer.code).toBe('BAD_USER_INPUT');
        expect(answer.field).toMatch(/^input\.(to|data\.(customer|mail))$/);
        return;
      }
      const whole = answer.passedOver.some(({ action: one }) => one === undefined);
      const told = [
        ...answer.actions.map(({ action: one }) => one.name),
        ...answer.passedOver.flatMap(({ action: one }) => one ?? []),
      ];
      if (whole) expect(answer.actions).toEqual([]);
      else expect(told.sort()).toEqual(own.actions.map((one) => one.name).sort());
      for (const { action: sent, to: entries } of answer.actions) {
        expect(entries.length).toBeGreaterThan(0);
        const named = new Set<unknown>([
          ...sent.recipients.flatMap(({ user, group }) => user ?? group ?? []),
          ...(sent.recipients.some(({ caller }) => caller) ? callers.map(({ user }) => user) : []),
          ...[variables.customer].flat(),
          variables.mail,
        ]);
        for (const { user, group, address } of entries) expect(named).toContain(user ?? group ?? address);
      }
    }),
    { numRuns: 300 },
  );
});

test('the same event asked twice has the same answer, and conditions alone leave actions out', () => {
  fc.assert(
    fc.property(route, data, to, (own, variables, callers) => {
      const input = { event: 'e', data: variables, to: callers };
      const first = routed(own, input, 'input', NOW);
      expect(routed(own, input, 'input', NOW)).toEqual(first);
      if (first instanceof HeraldError) return;
      const { when: _when, ...free } = own;
      const unconditional = {
        ...free,
        actions: own.actions.map(({ when: _own, ...one }) => one),
      };
      const all = routed(unconditional, input, 'input', NOW);
      if (all instanceof HeraldError || own.actions.length === 0) return;
      expect(all.passedOver).toEqual([]);
      expect(all.actions).toHaveLength(own.actions.length);
    }),
    { numRuns: 300 },
  );
});
