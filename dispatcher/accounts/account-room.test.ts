import { afterEach, describe, expect, it, vi } from 'vitest';
import { AccountRoom } from './account-room.ts';

const never = () => new Promise<boolean>(() => undefined);
afterEach(() => {
  vi.useRealTimers();
});

describe('AccountRoom', () => {
  it('has so many places, and wakes who waits for one', async () => {
    const room = new AccountRoom(1);
    expect([room.enter(), room.enter()]).toEqual([true, false]);
    const woken = room.waitFor(never, true);
    room.leave(10);
    expect(await woken).toBe(true);
    expect(room.enter()).toBe(true);
  });

  it('lets two wait for each place, and no more', async () => {
    const room = new AccountRoom(1);
    room.enter();
    const waiting = [room.waitFor(never, true), room.waitFor(never, true)];
    expect(await room.waitFor(never, true)).toBe(false);
    room.leave(1);
    room.enter();
    room.leave(1);
    expect(await Promise.all(waiting)).toEqual([true, true]);
  });

  it('lets what is urgent wait beside a backlog, and wakes it first', async () => {
    const room = new AccountRoom(1);
    room.enter();
    const woken: string[] = [];
    const waits = ['first', 'second'].map((name) => room.waitFor(never, true).then(() => woken.push(name)));
    waits.push(room.waitFor(never, true, true).then(() => woken.push('urgent')));
    expect(await room.waitFor(never, true, true), 'not without end').toBe(false);
    for (let i = 0; i < 3; i++) {
      room.leave(1);
      await Promise.resolve();
      room.enter();
    }
    await Promise.all(waits);
    expect(woken).toEqual(['urgent', 'first', 'second']);
  });

  it('gives turns one after the other, as attempts end', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const room = new AccountRoom(2);
    for (let i = 0; i < 100; i++) {
      room.enter();
      room.leave(1_000);
    }
    const [first, second] = [room.turn(), room.turn()];
    expect(first).toBeGreaterThan(450);
    expect(second - first).toBeGreaterThan(450);
    for (let i = 0; i < 1_000; i++) room.turn();
    expect(room.turn()).toBeLessThanOrEqual(60_000);
  });

  it('gives no place when it is retired, tells who waits, and is idle when the last has left', async () => {
    const room = new AccountRoom(1);
    room.enter();
    const waiting = room.waitFor(never, true);
    let idle = false;
    const retired = room.retire().then(() => {
      idle = true;
    });
    expect(await waiting).toBe(true);
    expect([room.retired, room.enter(), idle]).toEqual([true, false, false]);
    room.leave();
    await retired;
    expect(idle).toBe(true);
    await new AccountRoom(1).retire();
  });
});
