import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifyAppAnswer, classifyRobotAnswer, classifyTokenAnswer } from './classify-answer.ts';

type Row = [body: object, kind: SendOutcome['kind'], code?: ChannelErrorCode, about?: 'recipient'];
const answer = (body: object, status = 200) => ({ status, text: JSON.stringify(body) });
const shape = ([, kind, code, about]: Row) => ({ kind, ...(code && { code }), ...(about && { about }) });

describe('classifyAppAnswer', () => {
  it.each<Row>([
    [{ errcode: -1 }, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [{ errcode: 40001 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 40003 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 60111 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 81013 }, 'permanent', 'CHANNEL_ADDRESS_INVALID', 'recipient'],
    [{ errcode: 82001 }, 'permanent', 'CHANNEL_ADDRESS_INVALID', 'recipient'],
    [{ errcode: 40031 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 41009 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 46004 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 50002 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [{ errcode: 60011 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [{ errcode: 40013 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 40091 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 48004 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 50003 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 301002 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 41002 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 41004 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 41011 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 48005 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 40008 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 40033 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 40074 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 41033 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 44004 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 45008 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 0, invaliduser: 'zhangsan' }, 'permanent', 'CHANNEL_ADDRESS_INVALID', 'recipient'],
    [{ errcode: 0, unlicenseduser: 'zhangsan' }, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [{ errcode: 40056 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 45002 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 45009 }, 'rateLimited'],
    [{ errcode: 45033 }, 'rateLimited'],
    [{ errcode: 48002 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 60020 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 99999 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{}, 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ])('%j', (...row) => {
    const outcome = classifyAppAnswer(answer(row[0]));
    expect(outcome).toMatchObject(shape(row));
    if (!row[3]) expect(outcome).not.toHaveProperty('about');
  });

  it('keeps the id of the message', () => {
    expect(classifyAppAnswer(answer({ errcode: 0, msgid: 'm', invaliduser: '' }))).toEqual({
      kind: 'accepted',
      providerMessageId: 'm',
    });
  });

  it.each([40014, 42001, 41001])('wants another token at %i', (errcode) => {
    expect(classifyAppAnswer(answer({ errcode }))).toEqual({
      tokenRefused: expect.objectContaining({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' }),
    });
  });

  it.each([
    [503, 'retryable'],
    [429, 'rateLimited'],
    [404, 'permanent'],
  ])('goes by the status %i', (status, kind) => {
    expect(classifyAppAnswer({ status, text: '' })).toMatchObject({ kind });
  });
});

describe('classifyTokenAnswer', () => {
  it('gives the token, or why there is none', () => {
    expect(classifyTokenAnswer(answer({ errcode: 0, access_token: 't', expires_in: 60 }))).toEqual({
      token: 't',
      expiresInSeconds: 60,
    });
    expect(classifyTokenAnswer(answer({ errcode: 40013 }))).toMatchObject({
      failed: { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' },
    });
    expect(classifyTokenAnswer(answer({ errcode: 0 }))).toMatchObject({ failed: { kind: 'retryable' } });
  });
});

describe('classifyRobotAnswer', () => {
  it.each<Row>([
    [{ errcode: 0 }, 'accepted'],
    [{ errcode: 45009 }, 'rateLimited'],
    [{ errcode: 93000 }, 'permanent', 'CHANNEL_MISCONFIGURED', 'recipient'],
    [{ errcode: 93004 }, 'permanent', 'CHANNEL_MISCONFIGURED', 'recipient'],
    [{ errcode: 93008 }, 'permanent', 'CHANNEL_MISCONFIGURED', 'recipient'],
    [{ errcode: 40058 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ])('%j', (...row) => {
    expect(classifyRobotAnswer(answer(row[0]))).toMatchObject(shape(row));
  });

  it('waits out the minute of a robot', () => {
    expect(classifyRobotAnswer(answer({ errcode: 45009 }))).toMatchObject({ retryAfterMs: 60_000 });
  });
});
