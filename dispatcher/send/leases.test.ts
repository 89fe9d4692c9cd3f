import { describe, expect, it } from 'vitest';
import { Leases } from './leases.ts';

/** A lease of 8 s, and both clocks in hand. */
function leases() {
  const clocks = { monotonic: 0, wall: 1_000_000 };
  const held = new Leases(
    8_000,
    () => clocks.wall,
    () => clocks.monotonic,
  );
  const end = () => new Date(clocks.wall + 8_000);
  return { clocks, held, end };
}
const pass = (clocks: { monotonic: number; wall: number }, ms: number) => {
  clocks.monotonic += ms;
  clocks.wall += ms;
};

describe('Leases', () => {
  it('holds surely until a second before the end', () => {
    const { clocks, held, end } = leases();
    held.add('a', 0, end());
    pass(clocks, 6_999);
    expect(held.surely('a')).toBe(true);
    pass(clocks, 1);
    expect(held.surely('a')).toBe(false);
    expect(held.surely('b')).toBe(false);
  });

  it('lasts from before the claim was asked for', () => {
    const { clocks, held, end } = leases();
    const asked = clocks.monotonic;
    const until = end();
    pass(clocks, 7_500);
    held.add('a', asked, until);
    expect(held.surely('a')).toBe(false);
  });

  it('is renewed while it holds', () => {
    const { clocks, held, end } = leases();
    held.add('a', 0, end());
    pass(clocks, 7_000);
    const [asked, until] = [clocks.monotonic, end()];
    pass(clocks, 500);
    held.renewed(['a', 'gone'], asked, until);
    pass(clocks, 6_400);
    expect(held.surely('a')).toBe(true);
    expect(held.has('gone')).toBe(false);
  });

  it('is not renewed after a stop longer than it: the write may have come too late', () => {
    const { clocks, held, end } = leases();
    held.add('a', 0, end());
    pass(clocks, 20_000);
    held.renewed(['a'], clocks.monotonic, end());
    expect(held.surely('a')).toBe(false);
  });

  it.each([
    ['the wall clock stands still, as after it was set back', 8_000, -3_600_000],
    ['the monotonic clock stands still, as after a sleep of the machine', 0, 8_000],
  ])('is over when %s', (_what, monotonic, wall) => {
    const { clocks, held, end } = leases();
    held.add('a', 0, end());
    clocks.monotonic += monotonic;
    clocks.wall += wall;
    expect(held.surely('a')).toBe(false);
  });
});
