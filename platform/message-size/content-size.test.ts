import { describe, expect, it } from 'vitest';
import { contentSize, type MessageContent } from './content-size.ts';

const x = (count: number) => 'x'.repeat(count);

describe('contentSize', () => {
  it.each<[Partial<MessageContent>, object]>([
    [
      { channel: 'SMS', body: 'Hello' },
      { characters: 5, bytes: 5, fits: true },
    ],
    [
      { channel: 'SMS', body: '' },
      { characters: 0, bytes: 0, fits: true, sms: { segments: 0 } },
    ],
    [
      { title: 'Hi', body: 'Größe', url: 'https://a.example/' },
      { characters: 27, bytes: 29 },
    ],
    [{ body: 'see https://a.example/', url: 'https://a.example/' }, { characters: 22 }],
    [
      { channel: 'EMAIL', body: 'B', html: '<p>B</p>' },
      { characters: 10, fits: true },
    ],
    [
      { channel: 'VOICE', title: 'Hi', body: 'Code 1, 2, 3', url: 'https://a.example/' },
      { characters: 15, fits: true, limit: { most: 1_600, unit: 'CHARACTERS' } },
    ],
    [{ channel: 'SMS', title: 'Hi', body: x(160) }, { sms: { encoding: 'GSM-7', segments: 2 } }],
    [
      { channel: 'SMS', body: '🎉' },
      { characters: 1, bytes: 4, sms: { encoding: 'UCS-2', segments: 1 } },
    ],
    [
      { channel: 'SMS', body: x(1_600) },
      { fits: true, limit: { most: 1_600, unit: 'CHARACTERS' } },
    ],
    [{ channel: 'SMS', body: x(1_601) }, { fits: false }],
    [{ channel: 'SMS', title: 'T', body: x(1_599) }, { fits: false }],
    [{ channel: 'SMS', body: '🎉'.repeat(1_600) }, { fits: true }],
    [
      { channel: 'DINGTALK', body: '好'.repeat(6_666) },
      { fits: true, bytes: 19_998 },
    ],
    [
      { channel: 'DINGTALK', body: '好'.repeat(6_667) },
      { fits: false, characters: 6_667 },
    ],
    [{ channel: 'EMAIL', body: x(1_000_000) }, { fits: true }],
  ])('of %o', (content, expected) => {
    expect(contentSize({ channel: 'TELEGRAM', body: '', ...content })).toMatchObject(expected);
  });

  it('counts segments of SMS alone, and knows no limit of e-mails', () => {
    expect(contentSize({ channel: 'EMAIL', body: 'B' })).toEqual({ characters: 1, bytes: 1, fits: true });
  });
});
