interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Placement {
  /** How far the popover must move to the right to be in the window, in px. */
  readonly shift: number;
  readonly side: 'below' | 'above';
  /** What is free on that side, in px. */
  readonly room: number;
}

/** Between the popover and the window's edge, and between it and the bell, in px. */
const GAP = 8;
/** Less room than this below makes it look above, in px. */
const ENOUGH = 320;

/** Where the popover goes: below the bell unless there is clearly more room above; wholly inside the window. */
export function placePopover(
  bell: Box,
  popover: Pick<Box, 'left' | 'right'>,
  view: { readonly width: number; readonly height: number },
): Placement {
  const below = view.height - bell.bottom - 2 * GAP;
  const above = bell.top - 2 * GAP;
  const side = below < ENOUGH && above > below ? 'above' : 'below';
  const tooFarRight = Math.max(0, popover.right - (view.width - GAP));
  const tooFarLeft = Math.max(0, GAP - (popover.left - tooFarRight));
  return { shift: tooFarLeft - tooFarRight, side, room: Math.max(0, side === 'below' ? below : above) };
}
