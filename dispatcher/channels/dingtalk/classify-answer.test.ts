import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifyRobotAnswer, classifyTokenAnswer, classifyWorkAnswer } from './classify-answer.ts';

type Row = [body: object, kind: SendOutcome['kind'], code?: ChannelErrorCode, about?: 'recipient'];
const answer = (body: object, status = 200) => ({ status, text: JSON.stringify(body) });
const shape = ([, kind, code, about]: Row) => ({ kind, ...(code && { code }), ...(about && { about }) });

describe('classifyWorkAnswer', () => {
  it.each<Row>([
    [{ errcode: -1 }, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [{ errcode: 33012 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 40003 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 40031 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 40013 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 60121 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 34016 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 40056 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 88, sub_code: '60011' }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 60020 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 88, sub_code: '90018' }, 'rateLimited'],
    [{ errcode: 90002 }, 'rateLimited'],
    [{ errcode: 143103 }, 'rateLimited'],
    [{ errcode: 143106 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [{ errcode: 1430002 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 404 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 33001 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 34014 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 40035 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 40067 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 41001 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 41002 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 41004 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 41009 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 41011 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 41101 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 43004 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 43007 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 43011 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 45002 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 45003 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 45004 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 45005 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 45006 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 45008 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 45009 }, 'rateLimited'],
    [{ errcode: 46004 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 48002 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 48004 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 50002 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [{ errcode: 50003 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 50005 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 52010 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 52019 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 60111 }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ errcode: 60120 }, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [{ errcode: 70001 }, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [{ errcode: 70003 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 70004 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 81001 }, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [{ errcode: 81002 }, 'permanent', 'CHANNEL_ADDRESS_NOT_ALLOWED', 'recipient'],
    [{ errcode: 90001 }, 'rateLimited'],
    [{ errcode: 90014 }, 'rateLimited'],
    [{ errcode: 143104 }, 'rateLimited'],
    [{ errcode: 143105 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [{ errcode: 1430003 }, 'rateLimited'],
    [{ errcode: 1430004 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED', 'recipient'],
    [{ errcode: 90019 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 88 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ unknown: true }, 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ])('%j', (...row) => {
    const outcome = classifyWorkAnswer(answer(row[0]));
    expect(outcome).toMatchObject(shape(row));
    if (!row[3]) expect(outcome).not.toHaveProperty('about');
  });

  it('keeps the task’s number', () => {
    expect(classifyWorkAnswer(answer({ errcode: 0, task_id: 256_271_667_526 }))).toEqual({
      kind: 'accepted',
      providerMessageId: '256271667526',
    });
  });

  it.each([{ errcode: 40014 }, { errcode: 42001 }, { errcode: 40001 }, { errcode: 88, sub_code: '40014' }])(
    'wants another token at %j',
    (body) => {
      expect(classifyWorkAnswer(answer(body))).toEqual({
        tokenRefused: expect.objectContaining({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' }),
      });
    },
  );

  it.each([
    [500, 'retryable'],
    [429, 'rateLimited'],
    [403, 'permanent'],
  ])('goes by the status %i', (status, kind) => {
    expect(classifyWorkAnswer({ status, text: '' })).toMatchObject({ kind });
  });
});

describe('classifyTokenAnswer', () => {
  it('gives the token, or why there is none', () => {
    expect(classifyTokenAnswer(answer({ errcode: 0, access_token: 't', expires_in: 60 }))).toEqual({
      token: 't',
      expiresInSeconds: 60,
    });
    expect(classifyTokenAnswer(answer({ errcode: 40089 }))).toMatchObject({
      failed: { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' },
    });
    expect(classifyTokenAnswer(answer({ errcode: 0 }))).toMatchObject({ failed: { kind: 'retryable' } });
    expect(classifyTokenAnswer({ status: 502, text: '' })).toMatchObject({ failed: { kind: 'retryable' } });
  });
});

describe('classifyRobotAnswer', () => {
  it.each<Row>([
    [{ errcode: 0 }, 'accepted'],
    [{ errcode: -1 }, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [{ errcode: 130101 }, 'rateLimited'],
    [{ errcode: 410100 }, 'rateLimited'],
    [{ errcode: 310000 }, 'permanent', 'CHANNEL_UNAUTHORIZED', 'recipient'],
    [{ errcode: 300001 }, 'permanent', 'CHANNEL_MISCONFIGURED', 'recipient'],
    [{ errcode: 400013 }, 'permanent', 'CHANNEL_ADDRESS_GONE', 'recipient'],
    [{ errcode: 40035 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 43004 }, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [{ errcode: 400101 }, 'permanent', 'CHANNEL_MISCONFIGURED', 'recipient'],
    [{ errcode: 400105 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 400106 }, 'permanent', 'CHANNEL_MISCONFIGURED', 'recipient'],
    [{ errcode: 430101 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 430103 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 430104 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 400102 }, 'permanent', 'CHANNEL_MISCONFIGURED', 'recipient'],
    [{ errcode: 430102 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [{ errcode: 460101 }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ errcode: 999999 }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ])('%j', (...row) => {
    expect(classifyRobotAnswer(answer(row[0]))).toMatchObject(shape(row));
  });

  it('waits out the ten minutes of a robot that is silenced', () => {
    expect(classifyRobotAnswer(answer({ errcode: 130101 }))).toMatchObject({ retryAfterMs: 600_000 });
  });

  it('tells nothing of what DingTalk wrote', () => {
    const said = classifyRobotAnswer(answer({ errcode: 310000, errmsg: 'hunter2' }));
    expect(JSON.stringify(said)).not.toContain('hunter2');
  });
});
