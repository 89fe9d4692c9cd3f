import { describe, expect, it } from 'vitest';
import { kindOfReport } from './classify-report.ts';

describe('kindOfReport', () => {
  it.each([
    ['5.1.1', 'bounced'],
    ['5.1.2', 'bounced'],
    ['5.1.3', 'bounced'],
    ['5.1.6', 'bounced'],
    ['5.1.10', 'bounced'],
    ['5.2.1', 'bounced'],
    ['5.1.0', 'failed'],
    ['5.1.4', 'failed'],
    ['5.1.7', 'failed'],
    ['5.1.8', 'failed'],
    ['5.2.0', 'failed'],
    ['5.2.2', 'failed'],
    ['5.2.3', 'failed'],
    ['5.2.4', 'failed'],
    ['5.3.4', 'failed'],
    ['5.4.4', 'failed'],
    ['5.4.6', 'failed'],
    ['5.5.0', 'failed'],
    ['5.6.1', 'failed'],
    ['5.7.1', 'failed'],
    ['5.7.26', 'failed'],
    ['5.0.0', 'failed'],
    ['4.4.7', 'failed'],
    ['', 'failed'],
    ['2.0.0', undefined],
  ])('failed %s is %s', (status, kind) => {
    expect(kindOfReport({ action: 'failed', status, diagnostic: '' })).toBe(kind);
  });

  it.each([
    ['delayed', '4.4.1', 'deferred'],
    ['delayed', '5.1.1', 'deferred'],
    ['delivered', '2.0.0', 'delivered'],
    ['relayed', '2.0.0', undefined],
    ['expanded', '2.0.0', undefined],
    ['', '4.2.2', 'deferred'],
    ['', '5.1.1', 'bounced'],
    ['Failed', '5.1.1', 'bounced'],
  ])('%s %s is %s', (action, status, kind) => {
    expect(kindOfReport({ action, status, diagnostic: '' })).toBe(kind);
  });

  it.each([
    ['5.0.0', '550 5.1.1 who?', 'bounced'],
    ['5.0.0', '550 5.7.1 user unknown to our policy', 'failed'],
    ['5.0.0', '550 No such user here', 'bounced'],
    ['5.0.0', '550 <ada@example.org>... User unknown', 'bounced'],
    ['5.1.0', '550 5.1.0 Address rejected: mailbox does not exist', 'bounced'],
    ['5.0.0', '550 Requested action not taken: mailbox unavailable', 'failed'],
    ['5.0.0', '552 user has exceeded quota, account not found on spare disk', 'failed'],
    ['5.0.0', 'refused by 5.1.1.7', 'failed'],
    ['5.7.1', '550 user unknown', 'failed'],
    ['5.4.1', '550 5.4.1 [ada@example.org]: Recipient address rejected: Access denied', 'bounced'],
    ['5.4.1', '550 5.4.1 no answer from host', 'failed'],
  ])('%s with "%s" is %s', (status, diagnostic, kind) => {
    expect(kindOfReport({ action: 'failed', status, diagnostic })).toBe(kind);
  });
});
