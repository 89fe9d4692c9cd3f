import { describe, expect, it } from 'vitest';
import { parseQqAddress, type QqPart, qqRequest } from './message-body.ts';

const message = {
  title: 'Paid',
  body: 'A <@everyone> & @everyone',
  url: 'https://a.example/7',
  imageUrl: 'https://a.example/i.png',
};

function request(address: string, part?: QqPart, picture?: string) {
  const target = parseQqAddress(address);
  if (!target) throw new Error('no address');
  return qqRequest(message, target, 'key', part, picture);
}

describe('parseQqAddress', () => {
  it.each([
    ['ABC', { scene: 'user', id: 'ABC', path: '/v2/users/ABC' }],
    ['user:ABC', { scene: 'user', id: 'ABC', path: '/v2/users/ABC' }],
    ['group:ABC', { scene: 'group', id: 'ABC', path: '/v2/groups/ABC' }],
    ['channel:123', { scene: 'channel', id: '123', path: '/channels/123' }],
    ['dm:123', { scene: 'dm', id: '123', path: '/dms/123' }],
    ['guild:123', undefined],
    ['group:', undefined],
    ['group:a/../b', undefined],
    ['', undefined],
  ])('%j', (address, target) => expect(parseQqAddress(address)).toEqual(target));
});

describe('qqRequest', () => {
  it('is text for groups, with no mentions', () => {
    expect(request('group:G')).toEqual({
      msg_type: 0,
      content: 'Paid\nA <\u200b@everyone> & @everyone\nhttps://a.example/7',
    });
  });

  it('is escaped text with its picture for channels', () => {
    expect(request('channel:1', { msgId: 'm0' })).toEqual({
      content: 'Paid\nA &lt;@\u200beveryone&gt; &amp; @\u200beveryone\nhttps://a.example/7',
      image: 'https://a.example/i.png',
      msg_id: 'm0',
    });
  });

  it('is a picture with its text where one was uploaded', () => {
    expect(request('user:U', undefined, 'file')).toMatchObject({
      msg_type: 7,
      media: { file_info: 'file' },
      content: expect.stringContaining('Paid'),
    });
  });

  it('numbers answers by their key', () => {
    const first = request('user:U', { msgId: 'm0', markdown: '**x**' });
    expect(first).toEqual({
      msg_type: 2,
      markdown: { content: '**x**' },
      msg_id: 'm0',
      msg_seq: expect.any(Number),
    });
    expect(request('user:U', { msgId: 'm0', markdown: '**x**' })).toEqual(first);
    expect(request('user:U', { eventId: 'e0' })).toMatchObject({ event_id: 'e0' });
    expect(request('channel:1', { markdown: '**x**' })).toEqual({ markdown: { content: '**x**' } });
  });
});
