import { describe, expect, it } from 'vitest';
import { attachedData, pushOptions, timeToLive, webPushPart } from './push-options.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('timeToLive', () => {
  it.each([
    [undefined, 2_419_200],
    ['2026-01-01T00:01:00.900Z', 60],
    ['2025-12-31T00:00:00Z', 0],
    ['2027-01-01T00:00:00Z', 2_419_200],
  ])('until %s: %d s', (expiresAt, seconds) => {
    expect(timeToLive(expiresAt === undefined ? undefined : new Date(expiresAt), NOW)).toBe(seconds);
  });
});

describe('pushOptions', () => {
  const options = (part: object = {}, key = 'key-1', message: object = {}) =>
    pushOptions({ priority: 'MEDIUM', ...message }, webPushPart.parse(part), key, NOW);

  it.each([
    ['HIGH', 'high'],
    ['MEDIUM', 'normal'],
    ['LOW', 'low'],
  ] as const)('priority %s is urgency %s', (priority, urgency) =>
    expect(options({}, 'k', { priority }).urgency).toBe(urgency),
  );

  it('is kept until the message expires', () =>
    expect(options({}, 'k', { expiresAt: new Date('2026-01-01T01:00:00Z') }).ttl).toBe('3600'));

  it('has a topic for each delivery, the same for each attempt at it', () => {
    const { topic } = options({}, 'a');
    expect(topic).toMatch(/^[\w-]{32}$/);
    expect(options({}, 'a').topic).toBe(topic);
    expect(options({}, 'b').topic).not.toBe(topic);
  });

  it('takes the caller’s topic and urgency', () => {
    expect(options({ topic: 'game-7', urgency: 'very-low' })).toEqual({
      ttl: '2419200',
      urgency: 'very-low',
      topic: 'game-7',
    });
    const { topic } = options({ topic: 'the score of game 7, Größe' });
    expect(topic).toMatch(/^[\w-]{32}$/);
    expect(options({ topic: 'the score of game 7, Größe' }, 'other').topic).toBe(topic);
    expect(options({ topic: 'the score of game 8' }).topic).not.toBe(topic);
  });

  it.each([{ topic: '' }, { topic: 'x'.repeat(201) }, { urgency: 'loud' }, { ttl: 1 }])(
    'does not take %j for it',
    (part) => expect(webPushPart.safeParse(part).success).toBe(false),
  );
});

describe('attachedData', () => {
  it.each([
    [{ order: 7, 'web-push': { topic: 'x' } }, { order: 7 }],
    [{ 'web-push': {} }, undefined],
    [{ order: 7 }, { order: 7 }],
    [['web-push'], ['web-push']],
    [null, null],
    [undefined, undefined],
    ['text', 'text'],
  ])('%j → %j', (data, expected) => expect(attachedData(data)).toEqual(expected));
});
