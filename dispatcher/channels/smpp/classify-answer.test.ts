import { describe, expect, it } from 'vitest';
import type { ChannelErrorCode, SendOutcome } from '../contract.ts';
import { classifyStatus, isThrottled } from './classify-answer.ts';

type Row = [status: number, kind: SendOutcome['kind'], code?: ChannelErrorCode];

describe('classifyStatus', () => {
  it.each<Row>([
    [0x01, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [0x02, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x03, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x04, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x05, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x06, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x07, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x08, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x0a, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x0b, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [0x0d, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x0e, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x0f, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x14, 'rateLimited'],
    [0x15, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x43, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x45, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x48, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x49, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x50, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x51, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x53, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x54, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x58, 'rateLimited'],
    [0x61, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0x62, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0x63, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0x64, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x65, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0x66, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0xc0, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0xc1, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0xc2, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0xc3, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0xc4, 'permanent', 'CHANNEL_MISCONFIGURED'],
    [0xfe, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0xff, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x100, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x101, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x102, 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [0x103, 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [0x104, 'permanent', 'CHANNEL_MISCONFIGURED'],
    // Of requests that are never made (cancel, replace, submit_multi, query), and of SMSCs' own (0x400 to 0x4ff).
    [0x11, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0x33, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [0x67, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
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
