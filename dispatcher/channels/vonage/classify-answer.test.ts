import { describe, expect, it } from 'vitest';
import { classifyVonageAnswer, codeOf, failureOf } from './classify-answer.ts';

const refused = (status: number, type: string, retryAfterMs?: number) => ({
  status,
  text: JSON.stringify({
    type: `https://developer.vonage.com/api-errors${type}`,
    title: 'secret',
    detail: 'secret',
  }),
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const invalid = (code: 'CHANNEL_ADDRESS_INVALID' | 'CHANNEL_ADDRESS_GONE') => ({
  kind: 'invalidRecipient',
  code,
});
const permanent = (code: string) => ({ kind: 'permanent', code });
const ofRecipient = { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', about: 'recipient' };
const later = { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false };

describe('classifyVonageAnswer', () => {
  it.each([
    [refused(401, '#unauthorized'), permanent('CHANNEL_UNAUTHORIZED')],
    [refused(401, '#jwt-expired'), permanent('CHANNEL_UNAUTHORIZED')],
    [refused(403, '#forbidden'), permanent('CHANNEL_UNAUTHORIZED')],
    [refused(403, '#unprovisioned'), permanent('CHANNEL_MISCONFIGURED')],
    [refused(402, '#low-balance'), permanent('CHANNEL_MISCONFIGURED')],
    [refused(402, '/messages#1070'), permanent('CHANNEL_MISCONFIGURED')],
    [{ status: 402, text: '' }, permanent('CHANNEL_MISCONFIGURED')],
    [refused(429, '#throttled'), { kind: 'rateLimited' }],
    [refused(429, '/messages#1000', 3_000), { kind: 'rateLimited', retryAfterMs: 3_000 }],
    [refused(422, '/messages#1020'), permanent('CHANNEL_MESSAGE_REJECTED')],
    [refused(422, '/messages#1040'), invalid('CHANNEL_ADDRESS_INVALID')],
    [refused(422, '/messages#1170'), invalid('CHANNEL_ADDRESS_INVALID')],
    [refused(422, '/messages#1190'), invalid('CHANNEL_ADDRESS_GONE')],
    [refused(422, '/messages#1240'), ofRecipient],
    [refused(422, '/messages#1050'), ofRecipient],
    [refused(422, '/messages#1160'), ofRecipient],
    [refused(422, '/messages#1120'), permanent('CHANNEL_MISCONFIGURED')],
    [refused(422, '/messages#1090'), permanent('CHANNEL_MESSAGE_TOO_LARGE')],
    [refused(500, '/messages#1030'), later],
    [refused(422, '/messages#1999'), permanent('CHANNEL_MESSAGE_REJECTED')],
    [{ status: 401, text: 'x' }, permanent('CHANNEL_UNAUTHORIZED')],
    [
      { status: 429, text: '', retryAfterMs: 1 },
      { kind: 'rateLimited', retryAfterMs: 1 },
    ],
    [{ status: 503, text: '' }, later],
    [
      { status: 502, text: '' },
      { ...later, mayHaveSent: true },
    ],
    [
      { status: 201, text: '{"uuid":"c-1","status":"started","conversation_uuid":"CON-1"}' },
      { kind: 'accepted', providerMessageId: 'c-1' },
    ],
    [
      { status: 202, text: '{"message_uuid":"u-1"}' },
      { kind: 'accepted', providerMessageId: 'u-1' },
    ],
    [
      { status: 202, text: '{}' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
    [
      { status: 301, text: '' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
  ])('%j → %j', (answer, expected) => {
    const { message, ...outcome } = { message: '', ...classifyVonageAnswer(answer) };
    expect(outcome).toEqual(expected);
    expect(message).not.toContain('secret');
  });

  it('names the error, for people to look up', () => {
    expect(classifyVonageAnswer(refused(422, '/messages#1999'))).toHaveProperty(
      'message',
      expect.stringContaining('1999'),
    );
  });
});

describe('codeOf', () => {
  it.each([
    ['https://developer.vonage.com/api-errors/messages#1120', '1120'],
    ['https://developer.vonage.com/api-errors#low-balance', 'low-balance'],
    ['https://developer.vonage.com/api-errors', undefined],
    ['x#A secret', undefined],
    [undefined, undefined],
  ])('%s → %s', (type, code) => expect(codeOf(type)).toBe(code));
});

describe('failureOf', () => {
  it.each([
    ['1190', 'bounced'],
    ['1170', 'bounced'],
    ['1240', 'unsubscribed'],
    ['1180', 'failed'],
    ['1260', 'failed'],
    [undefined, 'failed'],
  ])('%s → %s', (code, kind) =>
    expect(failureOf(code)).toMatchObject({ kind, message: expect.stringMatching(/\S/) }),
  );
});
