import { expect, test } from 'vitest';
import { placePopover } from './place-popover.ts';

const view = { width: 1000, height: 800 };
const bellAt = (left: number, top: number) => ({ left, right: left + 40, top, bottom: top + 40 });

test.each([
  ['it fits', bellAt(900, 10), { left: 540, right: 940 }, { shift: 0, side: 'below', room: 734 }],
  ['it is too far left', bellAt(10, 10), { left: -350, right: 50 }, { shift: 358, side: 'below', room: 734 }],
  [
    'it is too far right',
    bellAt(900, 10),
    { left: 700, right: 1100 },
    { shift: -108, side: 'below', room: 734 },
  ],
  [
    'the bell is at the bottom',
    bellAt(900, 750),
    { left: 540, right: 940 },
    { shift: 0, side: 'above', room: 734 },
  ],
] as const)('%s', (_case, bell, popover, placement) => {
  expect(placePopover(bell, popover, view)).toEqual(placement);
});

test('wider than the window it keeps its begin', () => {
  expect(placePopover(bellAt(900, 10), { left: -200, right: 1000 }, view).shift).toBe(208);
});
