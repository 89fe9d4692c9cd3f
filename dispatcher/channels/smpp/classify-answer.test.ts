import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifyStatus, isThrottled } from './classify-answer.ts';

type Row = [status: number, kind: SendOutcome['kind'], code?: ChannelErrorCode];

describe('classifyStatus', () => {
  it.each<Row>([
    [0x01, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [0x05, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x08, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x0a, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x0b, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [0x0d, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x0e, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x0f, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x14, 'rateLimited'],
    [0x45, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x58, 'rateLimited'],
    [0x64, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x65, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0x66, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0x101, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x4b1, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ])('0x%s', (status, kind, code) => {
    expect(classifyStatus(status)).toMatchObject({ kind, ...(code && { code }) });
  });

  it('tells the status as the specification writes it', () => {
    expect(classifyStatus(0x0b)).toHaveProperty('message', 'The SMSC knows no such number (0x0b).');
  });

  it('knows what may pass', () => {
    expect([0x14, 0x58, 0x08, 0x00].map(isThrottled)).toEqual([true, true, false, false]);
  });
});
