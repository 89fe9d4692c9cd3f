import { describe, expect, it } from 'vitest';
import type { AuditRecord } from './audit-record.ts';
import { type AuditFilter, matchesAudit } from './read-audit.ts';

const at = new Date('2026-01-01T12:00:00Z');
const entry: AuditRecord = {
  _id: 'default|aud_1',
  workspace: 'default',
  at,
  actor: { kind: 'OPERATOR', id: 'key_1', name: 'Olga' },
  action: 'REPLAY',
  deliveries: ['dlv_1', 'dlv_2'],
  notifications: ['ntf_1'],
  replays: ['ntf_2'],
  count: 2,
};

describe('matchesAudit', () => {
  it.each<[string, AuditFilter, boolean]>([
    ['nothing asked for', {}, true],
    ['its action', { action: ['DISCARD', 'REPLAY'] }, true],
    ['another action', { action: ['CANCEL'] }, false],
    ['the name of who did it', { by: 'Olga' }, true],
    ['the key of who did it', { by: 'key_1' }, true],
    ['somebody else', { by: 'Eve' }, false],
    ['its notification', { notification: 'ntf_1' }, true],
    ['its replay', { notification: 'ntf_2' }, true],
    ['another notification', { notification: 'ntf_3' }, false],
    ['one of its deliveries', { delivery: 'dlv_2' }, true],
    ['another delivery', { delivery: 'dlv_3' }, false],
    ['from its time on', { from: at }, true],
    ['from later on', { from: new Date(at.getTime() + 1) }, false],
    ['before its time', { to: at }, false],
    ['before later', { to: new Date(at.getTime() + 1) }, true],
    ['all but one of what is asked for', { by: 'Olga', action: ['CANCEL'] }, false],
  ])('%s', (_what, filter, matches) => {
    expect(matchesAudit(filter, entry)).toBe(matches);
  });
});
