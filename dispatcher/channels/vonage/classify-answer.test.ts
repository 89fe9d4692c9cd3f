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

  // The whole list of https://developer.vonage.com/en/api-errors/messages, and what is generic.
  it.each([
    [permanent('CHANNEL_UNAUTHORIZED'), '#', ['jwt-revoked', 'invalid-api-key', 'invalid-signature']],
    [permanent('CHANNEL_MISCONFIGURED'), '#', ['account-suspended', 'not-found']],
    [permanent('CHANNEL_MESSAGE_REJECTED'), '#', ['invalid-params']],
    [permanent('CHANNEL_UNAUTHORIZED'), '/messages#', ['1110']],
    [
      permanent('CHANNEL_MISCONFIGURED'),
      '/messages#',
      ['1060', '1070', '1080', '1120', '1140', '1350', '1370', '1420', '1481'],
    ],
    [
      permanent('CHANNEL_MESSAGE_REJECTED'),
      '/messages#',
      [
        ...['1010', '1020', '1021', '1022', '1130', '1150', '1282', '1320', '1380', '1382', '1400', '1410'],
        ...['1440', '1450', '1451', '1480', '1482', '1484'],
      ],
    ],
    [permanent('CHANNEL_MESSAGE_TOO_LARGE'), '/messages#', ['1090', '1381']],
    [
      ofRecipient,
      '/messages#',
      [
        ...['1050', '1160', '1180', '1200', '1210', '1220', '1240', '1241', '1250', '1251', '1260', '1270'],
        ...['1280', '1290', '1300', '1310', '1330', '1340', '1360', '1461', '1470', '1473', '1483'],
      ],
    ],
    [invalid('CHANNEL_ADDRESS_INVALID'), '/messages#', ['1040', '1170', '1430']],
    [invalid('CHANNEL_ADDRESS_GONE'), '/messages#', ['1190']],
    [{ kind: 'rateLimited' }, '/messages#', ['1000', '1460', '1472']],
    [later, '/messages#', ['1030', '1100', '1230', '1331']],
  ])('%j: %s %j', (expected, page, codes) => {
    for (const code of codes) {
      const { message, ...outcome } = {
        message: '',
        ...classifyVonageAnswer(refused(422, `${page}${code}`)),
      };
      expect(outcome, code).toEqual(expected);
      expect(message).toContain(code);
    }
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
