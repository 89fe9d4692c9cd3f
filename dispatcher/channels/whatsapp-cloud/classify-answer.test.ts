import { describe, expect, it } from 'vitest';
import { classifyWhatsappAnswer } from './classify-answer.ts';

const refusal = (status: number, code: number) => ({
  status,
  text: JSON.stringify({ error: { message: `(#${code}) s3cr3t`, type: 'OAuthException', code } }),
});

const unauthorized = { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' };
const misconfigured = { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' };
const down = { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false };
const unreachable = { kind: 'permanent', code: 'CHANNEL_ADDRESS_NOT_ALLOWED', about: 'recipient' };
const rejected = { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', about: 'recipient' };

describe('classifyWhatsappAnswer', () => {
  it('takes the id of the message', () => {
    const text =
      '{"messaging_product":"whatsapp","contacts":[{"input":"+16505555555","wa_id":"16505555555"}],"messages":[{"id":"wamid.HBgLMTY1MDU1"}]}';
    expect(classifyWhatsappAnswer({ status: 200, text })).toEqual({
      kind: 'accepted',
      providerMessageId: 'wamid.HBgLMTY1MDU1',
    });
  });

  // Statuses and codes as in …/whatsapp/support/error-codes
  it.each([
    [401, 0, unauthorized],
    [500, 3, unauthorized],
    [403, 10, unauthorized],
    [401, 190, unauthorized],
    [401, 104, unauthorized],
    [403, 200, unauthorized],
    [403, 299, unauthorized],
    [403, 368, unauthorized],
    [403, 131005, unauthorized],
    [403, 131031, unauthorized],
    [400, 33, misconfigured],
    [400, 131042, misconfigured],
    [400, 131037, misconfigured],
    [500, 131045, misconfigured],
    [400, 133010, misconfigured],
    [400, 134011, misconfigured],
    [400, 4, { kind: 'rateLimited' }],
    [400, 80007, { kind: 'rateLimited' }],
    [400, 130429, { kind: 'rateLimited' }],
    [400, 131048, { kind: 'rateLimited' }],
    [400, 131064, { kind: 'rateLimited' }],
    [400, 132069, { kind: 'rateLimited' }],
    [400, 131056, { kind: 'retryable', code: 'CHANNEL_RATE_LIMITED', about: 'recipient' }],
    [400, 1, down],
    [503, 2, down],
    [500, 131000, down],
    [500, 131016, down],
    [500, 131057, down],
    [503, 133004, down],
    [400, 134101, down],
    [400, 2494100, down],
    [400, 131026, unreachable],
    [400, 131047, unreachable],
    [400, 131049, unreachable],
    [400, 131050, unreachable],
    [400, 130472, unreachable],
    [403, 130497, unreachable],
    [400, 131021, unreachable],
    [400, 130403, unreachable],
    [400, 132005, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [400, 100, rejected],
    [400, 131008, rejected],
    [400, 131009, rejected],
    [400, 131051, rejected],
    [400, 131052, rejected],
    [400, 131053, rejected],
    [400, 131055, rejected],
    [400, 131063, rejected],
    [400, 132000, rejected],
    [404, 132001, rejected],
    [400, 132007, rejected],
    [400, 132012, rejected],
    [400, 132015, rejected],
    [400, 132016, rejected],
    [400, 132018, rejected],
    [400, 132068, rejected],
    [400, 134100, rejected],
    [500, 134102, rejected],
    [400, 135000, rejected],
    [400, 999999, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [500, 999999, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' }],
  ])('%i with %i', (status, code, expected) => {
    const outcome = classifyWhatsappAnswer(refusal(status, code));
    expect(outcome).toMatchObject(expected);
    expect(JSON.stringify(outcome)).not.toContain('s3cr3t');
    expect(outcome).toHaveProperty('message', expect.stringContaining(String(code)));
  });

  it.each([
    [
      { ...refusal(429, 130429), retryAfterMs: 9_000 },
      { kind: 'rateLimited', retryAfterMs: 9_000 },
    ],
    [{ status: 429, text: '' }, { kind: 'rateLimited' }],
    [
      { status: 502, text: '<html>' },
      { kind: 'retryable', mayHaveSent: true },
    ],
    [{ status: 401, text: '' }, unauthorized],
    [
      { status: 200, text: '' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
    [
      { status: 200, text: '{"messages":[]}' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
  ])('%j', (answer, expected) => expect(classifyWhatsappAnswer(answer)).toMatchObject(expected));
});
