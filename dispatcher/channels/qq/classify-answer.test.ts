import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifySendAnswer, classifyTokenAnswer, uploadedPicture } from './classify-answer.ts';

type Row = [
  code: number | undefined,
  status: number,
  kind: SendOutcome['kind'],
  error?: ChannelErrorCode,
  about?: 'recipient',
];
const answer = (status: number, body: object) => ({ status, text: JSON.stringify(body) });

describe('classifySendAnswer', () => {
  it.each<Row>([
    [304023, 202, 'accepted'],
    [304024, 202, 'accepted'],
    [10003, 404, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [1100104, 500, 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
    [22009, 400, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    [20028, 429, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    [304050, 500, 'rateLimited'],
    [304031, 400, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [304046, 400, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [304027, 400, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [304003, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [1100101, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [304018, 500, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [11253, 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [11265, 403, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [11252, 500, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [11251, 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [11254, 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [11262, 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [11273, 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [11274, 400, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [11301, 400, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [11306, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [12001, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [12002, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [12003, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [50037, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [50041, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [50042, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [50045, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [50048, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [301001, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [301002, 400, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [301006, 400, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [304006, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [304010, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [304011, 500, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [304014, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [304019, 500, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    [304020, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [304021, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [304022, 500, 'rateLimited'],
    [304025, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [304028, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [304030, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [304033, 500, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [304044, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [304049, 500, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    [504004, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [610007, 500, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [610013, 500, 'rateLimited'],
    [1100100, 500, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    [1100102, 500, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [1100103, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [1100300, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [1100303, 500, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [1100304, 500, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [1100306, 500, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [1100308, 500, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    [1100499, 400, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [999999, 400, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [999999, 500, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [999999, 200, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [undefined, 429, 'rateLimited'],
    [undefined, 504, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [undefined, 200, 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ])('%i (%i)', (code, status, kind, error, about) => {
    const outcome = classifySendAnswer(answer(status, { code, message: 'hunter2' }));
    expect(outcome).toMatchObject({ kind, ...(error && { code: error }), ...(about && { about }) });
    if (!about) expect(outcome).not.toHaveProperty('about');
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it.each([
    [11243, 401],
    [11241, 400],
    [11244, 500],
  ])('wants another token at %i (%i)', (code, status) => {
    expect(classifySendAnswer(answer(status, { code }))).toEqual({
      tokenRefused: expect.objectContaining({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' }),
    });
  });

  it('keeps the message’s id', () => {
    expect(classifySendAnswer(answer(200, { id: 'm1' }))).toEqual({
      kind: 'accepted',
      providerMessageId: 'm1',
    });
  });
});

describe('classifyTokenAnswer', () => {
  it('gives the token, or why there is none', () => {
    expect(classifyTokenAnswer(answer(200, { access_token: 't', expires_in: '60' }))).toEqual({
      token: 't',
      expiresInSeconds: 60,
    });
    expect(classifyTokenAnswer(answer(200, { code: 100007 }))).toMatchObject({
      failed: { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' },
    });
    expect(classifyTokenAnswer(answer(500, {}))).toMatchObject({ failed: { kind: 'retryable' } });
    expect(classifyTokenAnswer(answer(200, {}))).toMatchObject({
      failed: { code: 'CHANNEL_UNEXPECTED_ANSWER' },
    });
  });
});

describe('uploadedPicture', () => {
  it('is the handle, or nothing', () => {
    expect(uploadedPicture(answer(200, { file_info: 'f' }))).toBe('f');
    expect(uploadedPicture(answer(500, { file_info: 'f' }))).toBeUndefined();
    expect(uploadedPicture({ status: 200, text: 'x' })).toBeUndefined();
  });
});
