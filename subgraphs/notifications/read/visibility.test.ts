import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/auth/principal.ts';
import { notification } from '../testing/open-store.ts';
import { timelineOf } from '../timeline/timeline.ts';
import { maySee, receiversView } from './visibility.ts';

const app = (id: string, workspace = 'default'): Principal => ({
  kind: 'app',
  workspace,
  app: id,
  key: 'key_1',
  ratePerSecond: 1_000,
});
const operator = (workspace: string): Principal => ({
  kind: 'operator',
  workspace,
  key: 'key_1',
  name: 'Olga',
  root: true,
});

describe('maySee', () => {
  const record = notification({ app: 'app_1' });
  it.each<[string, Principal, boolean]>([
    ['its own app', app('app_1'), true],
    ['another app of the workspace', app('app_2'), false],
    ['an app of that id elsewhere', app('app_1', 'other'), false],
    ['an operator of the workspace', operator('default'), true],
    ['a root operator elsewhere', operator('other'), false],
    ['a user', { kind: 'user', workspace: 'default', user: 'ann', expiresAt: 0 }, false],
  ])('%s', (_who, principal, may) => {
    expect(maySee(principal, record)).toBe(may);
  });
});

describe('receiversView', () => {
  it('tells a receiver neither how many others there are, nor who canceled or replayed', () => {
    // No time of now: one millisecond in a thousand is .900.
    const at = new Date('2026-03-01T12:00:00Z');
    const record = notification({
      createdAt: at,
      dueAt: at,
      plannedAt: at,
      deliveryCount: 900,
      canceledAt: at,
      canceledBy: 'Olga',
      replays: [{ at, notification: 'ntf_other', by: 'Olga' }],
    });
    const told = JSON.stringify(timelineOf(receiversView(record, 1), [], 1));
    expect(told).toContain('routed');
    expect(told).toContain('canceled');
    expect(told).not.toMatch(/900|Olga|ntf_other/);
  });
});
