import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifySendAnswer, classifyTokenAnswer } from './classify-answer.ts';

type Row = [errcode: number, kind: SendOutcome['kind'], code?: ChannelErrorCode, about?: 'recipient'];
const answer = (body: object, status = 200) => ({ status, text: JSON.stringify(body) });

describe('classifySendAnswer', () => {
  it.each<Row>([
    [-1, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [40003, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [40037, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [43004, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [43019, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [43101, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [43108, 'retryable', 'CHANNEL_RATE_LIMITED', 'recipient'],
    [45009, 'rateLimited'],
    [45011, 'rateLimited'],
    [47003, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [48001, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [40164, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [48002, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [50005, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [41009, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [46004, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [45029, 'rateLimited'],
    [45002, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [45003, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [45004, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [45005, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [61450, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [43107, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [48004, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [48008, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [50001, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [50002, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [43116, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [45168, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [47001, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [87014, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [99999, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ])('%i', (errcode, kind, code, about) => {
    const outcome = classifySendAnswer(answer({ errcode, errmsg: 'hunter2' }));
    expect(outcome).toMatchObject({ kind, ...(code && { code }), ...(about && { about }) });
    if (!about) expect(outcome).not.toHaveProperty('about');
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('keeps all digits of the message’s id', () => {
    const text = '{"errcode":0,"errmsg":"ok","msgid":2812436214593732608}';
    expect(classifySendAnswer({ status: 200, text })).toEqual({
      kind: 'accepted',
      providerMessageId: '2812436214593732608',
    });
    expect(classifySendAnswer(answer({ errcode: 0 }))).toEqual({ kind: 'accepted' });
  });

  it.each([40001, 40014, 41001, 42001])('wants another token at %i', (errcode) => {
    expect(classifySendAnswer(answer({ errcode }))).toEqual({
      tokenRefused: expect.objectContaining({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' }),
    });
  });

  it('goes by the status, and believes no answer without a code', () => {
    expect(classifySendAnswer({ status: 502, text: '' })).toMatchObject({ mayHaveSent: true });
    expect(classifySendAnswer(answer({}))).toMatchObject({ code: 'CHANNEL_UNEXPECTED_ANSWER' });
  });
});

describe('classifyTokenAnswer', () => {
  it('gives the token, or why there is none', () => {
    expect(classifyTokenAnswer(answer({ access_token: 't', expires_in: 300 }))).toEqual({
      token: 't',
      expiresInSeconds: 300,
    });
    for (const errcode of [
      40001, 40013, 40125, 40164, 40243, 50004, 50007, 61004, 89501, 89503, 89506, 89507,
    ])
      expect(classifyTokenAnswer(answer({ errcode }))).toMatchObject({
        failed: { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' },
      });
    expect(classifyTokenAnswer(answer({}))).toMatchObject({ failed: { kind: 'retryable' } });
    expect(classifyTokenAnswer(answer({ errcode: 45011 }))).toMatchObject({
      failed: { kind: 'rateLimited', retryAfterMs: 60_000 },
    });
  });
});
