import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { PAYLOAD_MAX_BYTES, type PushPayload, pushPayload } from './payload.ts';

const message = (over: Partial<OutgoingMessage>): OutgoingMessage => ({
  workspace: 'default',
  channel: 'WEB_PUSH',
  address: 'https://push.example.com/1',
  notification: 'n1',
  delivery: 'd1',
  priority: 'MEDIUM',
  locale: 'en',
  title: 'Title',
  body: 'Body',
  ...over,
});
const payloadOf = (over: Partial<OutgoingMessage>): PushPayload => {
  const json = pushPayload(message(over));
  expect(Buffer.byteLength(json ?? '')).toBeLessThanOrEqual(PAYLOAD_MAX_BYTES);
  return JSON.parse(json ?? 'null');
};

describe('pushPayload', () => {
  it('is 3,993 bytes at most (RFC 8291, 4)', () => expect(PAYLOAD_MAX_BYTES).toBe(3_993));

  it('holds what the service worker needs and no more', () => {
    expect(
      payloadOf({
        url: 'https://a.example',
        imageUrl: 'https://a.example/i.png',
        data: { order: 7 },
        html: '<p>',
        category: 'c',
      }),
    ).toEqual({
      title: 'Title',
      body: 'Body',
      url: 'https://a.example',
      imageUrl: 'https://a.example/i.png',
      data: { order: 7 },
      notification: 'n1',
      delivery: 'd1',
    });
    expect(payloadOf({ title: undefined })).toEqual({ body: 'Body', notification: 'n1', delivery: 'd1' });
  });

  it.each(['x', 'ß', '好', '🎉', '👩‍👩‍👧‍👦', '"', '\\', 'e\u0301', '\ud800'])(
    'cuts a long body of %j between characters, and as little as needed',
    (character) => {
      const { body, ...rest } = payloadOf({ body: character.repeat(5_000), data: { keep: true } });
      expect(rest).toMatchObject({ title: 'Title', data: { keep: true } });
      expect(body.endsWith('…')).toBe(true);
      const kept = body.slice(0, -1);
      expect(character.repeat(5_000).startsWith(kept)).toBe(true);
      expect(kept.length % character.length).toBe(0);
      const longer = JSON.stringify({ ...rest, body: `${kept}${character}…` });
      expect(Buffer.byteLength(longer)).toBeGreaterThan(PAYLOAD_MAX_BYTES);
    },
  );

  it.each([PAYLOAD_MAX_BYTES - 1, PAYLOAD_MAX_BYTES, PAYLOAD_MAX_BYTES + 1])(
    'cuts nothing that fits: %d bytes',
    (bytes) => {
      const empty = Buffer.byteLength(pushPayload(message({ body: '' })) ?? '');
      const { body } = payloadOf({ body: 'x'.repeat(bytes - empty) });
      expect(body.endsWith('…')).toBe(bytes > PAYLOAD_MAX_BYTES);
    },
  );

  it('leaves data out before the body gets shorter than 240 bytes', () => {
    const data = { blob: 'x'.repeat(3_650) };
    expect(payloadOf({ body: 'b'.repeat(300), data })).toHaveProperty('data');
    const without = payloadOf({ body: 'b'.repeat(1_000), data: { blob: 'x'.repeat(3_800) } });
    expect(without).not.toHaveProperty('data');
    expect(without.body).toBe('b'.repeat(1_000));
  });

  it('then leaves the picture out, then cuts the title', () => {
    const imageUrl = `https://a.example/${'i'.repeat(3_800)}`;
    expect(payloadOf({ body: 'b'.repeat(1_000), imageUrl })).toEqual({
      title: 'Title',
      body: 'b'.repeat(1_000),
      notification: 'n1',
      delivery: 'd1',
    });
    const { title, body } = payloadOf({ title: 't'.repeat(5_000), body: 'b'.repeat(1_000), imageUrl });
    expect(title).toBe(`${'t'.repeat(80)}…`);
    expect(body).toBe('b'.repeat(1_000));
  });

  it('gives up on a url that does not fit', () => {
    expect(pushPayload(message({ url: `https://a.example/${'u'.repeat(4_000)}` }))).toBeUndefined();
  });
});
