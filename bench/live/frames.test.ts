import { describe, expect, it } from 'vitest';
import { eventName, messageBody, ownMessage, sharedEvent } from './frames.ts';

const next = (payload: object) => JSON.stringify({ id: '1', type: 'next', payload });
const delivery = (name: string) => ({ deliveryUpdated: { id: 'd', state: 'DELIVERED', user: { name } } });
const inbox = (body: string, id: string) => ({ inboxEvents: { message: { body, user: { id } } } });

describe('frames', () => {
  it('are known by what was sent', () => {
    expect(sharedEvent(next({ data: delivery(eventName(17)) }))).toBe(17);
    expect(ownMessage(next({ data: inbox(messageBody(5, 'live-1'), 'live-1') }), 'live-1')).toBe(5);
  });

  it.each([
    ['an error', JSON.stringify({ id: '1', type: 'error', payload: [{ message: 'no' }] })],
    ['errors beside data', next({ data: delivery('event 1'), errors: [{ message: 'no' }] })],
    ['the end', JSON.stringify({ id: '1', type: 'complete' })],
    ['an event of somebody else', next({ data: delivery('demo') })],
  ])('%s is refused', (_, text) => {
    expect(() => sharedEvent(text)).toThrow(/unexpected message/);
    expect(() => ownMessage(text, 'live-1')).toThrow(/unexpected message/);
  });

  it.each([
    ['by its body', inbox('5 for live-2', 'live-1')],
    ['by its owner', inbox('5 for live-1', 'live-2')],
  ])("another user's message is seen %s", (_, data) => {
    expect(() => ownMessage(next({ data }), 'live-1')).toThrow(/another user's message/);
  });
});
