import { describe, expect, it } from 'vitest';
import { classifyTwilioAnswer, failureOf } from './classify-answer.ts';

const refused = (status: number, code: number, retryAfterMs?: number) => ({
  status,
  text: JSON.stringify({ code, message: 'secret', more_info: 'x', status }),
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const invalid = (code: 'CHANNEL_ADDRESS_INVALID' | 'CHANNEL_ADDRESS_GONE') => ({
  kind: 'invalidRecipient',
  code,
});
const permanent = (code: string) => ({ kind: 'permanent', code });
const ofRecipient = { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', about: 'recipient' };

describe('classifyTwilioAnswer', () => {
  it.each([
    [refused(401, 20003), permanent('CHANNEL_UNAUTHORIZED')],
    [refused(404, 20404), permanent('CHANNEL_MISCONFIGURED')],
    [refused(429, 20429), { kind: 'rateLimited' }],
    [refused(429, 20429, 2_000), { kind: 'rateLimited', retryAfterMs: 2_000 }],
    [refused(400, 21211), invalid('CHANNEL_ADDRESS_INVALID')],
    [refused(400, 21265), invalid('CHANNEL_ADDRESS_INVALID')],
    [refused(400, 21614), invalid('CHANNEL_ADDRESS_INVALID')],
    [refused(400, 21635), invalid('CHANNEL_ADDRESS_GONE')],
    [refused(400, 63003), invalid('CHANNEL_ADDRESS_GONE')],
    [refused(400, 63024), ofRecipient],
    [refused(400, 21610), ofRecipient],
    [refused(400, 63014), ofRecipient],
    [refused(400, 21408), ofRecipient],
    [refused(400, 21608), ofRecipient],
    [refused(400, 21612), ofRecipient],
    [refused(400, 63016), ofRecipient],
    [refused(400, 21606), permanent('CHANNEL_MISCONFIGURED')],
    [refused(400, 21659), permanent('CHANNEL_MISCONFIGURED')],
    [refused(400, 21703), permanent('CHANNEL_MISCONFIGURED')],
    [refused(400, 63007), permanent('CHANNEL_MISCONFIGURED')],
    [refused(400, 21617), permanent('CHANNEL_MESSAGE_TOO_LARGE')],
    [refused(400, 21602), permanent('CHANNEL_MESSAGE_REJECTED')],
    [refused(400, 21656), permanent('CHANNEL_MESSAGE_REJECTED')],
    [refused(400, 63028), permanent('CHANNEL_MESSAGE_REJECTED')],
    [refused(400, 10001), permanent('CHANNEL_MISCONFIGURED')],
    [refused(400, 10005), permanent('CHANNEL_MISCONFIGURED')],
    [refused(429, 10004), { kind: 'rateLimited' }],
    [refused(400, 21210), permanent('CHANNEL_MISCONFIGURED')],
    [refused(400, 21217), invalid('CHANNEL_ADDRESS_INVALID')],
    [refused(400, 21214), ofRecipient],
    [refused(400, 21215), ofRecipient],
    [refused(400, 21216), ofRecipient],
    [refused(400, 21219), ofRecipient],
    [refused(400, 32018), permanent('CHANNEL_MESSAGE_TOO_LARGE')],
    [refused(400, 21611), { kind: 'rateLimited' }],
    [refused(400, 63018), { kind: 'rateLimited' }],
    [refused(500, 63012), { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [refused(400, 99999), permanent('CHANNEL_MESSAGE_REJECTED')],
    [refused(403, 99999), permanent('CHANNEL_UNAUTHORIZED')],
    [{ status: 401, text: '' }, permanent('CHANNEL_UNAUTHORIZED')],
    [
      { status: 429, text: '', retryAfterMs: 1_000 },
      { kind: 'rateLimited', retryAfterMs: 1_000 },
    ],
    [
      { status: 500, text: '<html>' },
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false },
    ],
    [
      { status: 504, text: '' },
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: true },
    ],
    [
      { status: 201, text: '{"sid":"SM1","status":"queued","error_code":null}' },
      { kind: 'accepted', providerMessageId: 'SM1' },
    ],
    [{ status: 201, text: '{"sid":"SM1","status":"failed","error_code":21610}' }, ofRecipient],
    [
      { status: 201, text: '{"sid":"SM1","status":"failed","error_code":1}' },
      { kind: 'accepted', providerMessageId: 'SM1' },
    ],
    [
      { status: 201, text: '{"status":"queued"}' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
    [
      { status: 200, text: 'ok' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
    [
      { status: 302, text: '' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
    ],
  ])('%j → %j', (answer, expected) => {
    const { message, ...outcome } = { message: '', ...classifyTwilioAnswer(answer) };
    expect(outcome).toEqual(expected);
    expect(message).not.toContain('secret');
  });

  // Outcomes of all that https://www.twilio.com/docs/api/errors/twilio-error-codes.json has on messages and calls.
  it.each([
    [
      permanent('CHANNEL_MISCONFIGURED'),
      [
        10002, 20005, 20010, 21213, 21264, 21267, 21601, 21607, 21609, 21616, 21621, 21622, 21657, 21701,
        21702,
      ],
    ],
    [
      permanent('CHANNEL_MISCONFIGURED'),
      [21704, 21708, 21709, 21711, 30018, 30024, 30032, 30033, 30034, 30035, 30037, 30040, 30041, 30042],
    ],
    [permanent('CHANNEL_MISCONFIGURED'), [32005, 32017, 63020, 63022, 63051, 63112, 90010]],
    [permanent('CHANNEL_UNAUTHORIZED'), [20006, 20008]],
    [invalid('CHANNEL_ADDRESS_INVALID'), [21401]],
    [
      ofRecipient,
      [21202, 21203, 21266, 21268, 30003, 30004, 30006, 30011, 32016, 63015, 63029, 63031, 63032, 63033],
    ],
    [ofRecipient, [63036, 63049]],
    [
      permanent('CHANNEL_MESSAGE_REJECTED'),
      [
        21618, 21619, 21620, 21623, 21624, 30007, 30010, 30036, 30038, 30039, 63005, 63006, 63011, 63019,
        63026,
      ],
    ],
    [permanent('CHANNEL_MESSAGE_REJECTED'), [63030, 63040, 63041, 63042]],
    [permanent('CHANNEL_MESSAGE_TOO_LARGE'), [30019, 63034]],
    [{ kind: 'rateLimited' }, [30022, 30023, 30027]],
    [
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false },
      [20503, 20504, 30017, 30500, 63009],
    ],
  ])('%j: %j', (expected, codes) => {
    for (const code of codes) {
      const { message, ...outcome } = { message: '', ...classifyTwilioAnswer(refused(400, code)) };
      expect(outcome, String(code)).toEqual(expected);
      expect(message).toContain(`error ${code}`);
    }
  });

  it('names the error, for people to look up', () => {
    expect(classifyTwilioAnswer(refused(400, 63016))).toHaveProperty(
      'message',
      expect.stringMatching(/data\.twilio\.contentSid.*63016/),
    );
    expect(classifyTwilioAnswer(refused(400, 12345))).toHaveProperty(
      'message',
      expect.stringContaining('12345'),
    );
  });
});

describe('failureOf', () => {
  it.each([
    [30005, 'bounced'],
    [63003, 'bounced'],
    [21610, 'unsubscribed'],
    [63014, 'unsubscribed'],
    [63033, 'unsubscribed'],
    // Switched off, or a landline or a carrier that is away: not dead for certain.
    [30003, 'failed'],
    [30006, 'failed'],
    [30007, 'failed'],
    // Perhaps only an old app, or terms that are not agreed to.
    [63024, 'failed'],
    [63032, 'failed'],
    [undefined, 'failed'],
  ])('%s → %s', (code, kind) =>
    expect(failureOf(code)).toMatchObject({ kind, message: expect.stringMatching(/\S/) }),
  );
});
