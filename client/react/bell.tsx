import {
  type CSSProperties,
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { Announcer } from './announcer.tsx';
import { useHerald } from './herald-context.ts';
import { HeraldRoot } from './herald-root.tsx';
import { BellIcon } from './icons.tsx';
import { InboxPanel, type PanelOptions } from './inbox-panel.tsx';
import { type Placement, placePopover } from './place-popover.ts';
import { useUnreadCount } from './use-inbox.ts';

export interface BellProps extends PanelOptions {
  readonly className?: string;
  readonly style?: CSSProperties;
}

/** The largest number on the badge. */
const BADGE_MAX = 99;

/** A button with the number of unread messages, which opens the inbox in a popover (a dialog that is not modal). */
export function Bell({ className, style, onOpen, onSignIn }: BellProps): ReactNode {
  const { translator } = useHerald();
  const unread = useUnreadCount();
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const id = useId();
  const placement = usePlacement(open, button, popover);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!open) return undefined;
    firstFocus(popover.current)?.focus({ preventScroll: true });
    const outside = (event: PointerEvent) => {
      if (root.current && !event.composedPath().includes(root.current)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside, true);
    return () => document.removeEventListener('pointerdown', outside, true);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open || event.nativeEvent.isComposing) return;
    // A dialog of the page around it stays open.
    event.stopPropagation();
    close();
  };
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget instanceof Node && !root.current?.contains(relatedTarget)) setOpen(false);
  };

  const name =
    unread > 0 ? translator.count('notificationsUnread', unread) : translator.text('notifications');
  const shown =
    unread > BADGE_MAX
      ? translator.text('badgeMore', { count: translator.number(BADGE_MAX) })
      : translator.number(unread);
  return (
    <HeraldRoot
      elementRef={root}
      className={className === undefined ? 'herald-bell' : `herald-bell ${className}`}
      style={style}
      onKeyDown={onKeyDown}
      onBlur={onBlur}
    >
      <button
        ref={button}
        type="button"
        className="herald-bell-button"
        aria-label={name}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => (open ? close() : setOpen(true))}
      >
        <BellIcon />
        {unread > 0 ? (
          <span className="herald-badge" aria-hidden="true">
            {shown}
          </span>
        ) : null}
      </button>
      {open ? (
        <div
          ref={popover}
          id={id}
          className="herald-popover"
          role="dialog"
          aria-labelledby={`${id}-title`}
          data-side={placement?.side}
          style={positionOf(placement)}
        >
          <InboxPanel titleId={`${id}-title`} onOpen={onOpen} onSignIn={onSignIn} onClose={close} />
        </div>
      ) : null}
      <Announcer />
    </HeraldRoot>
  );
}

/** The message in the tab order, else the heading. */
function firstFocus(popover: HTMLElement | null): HTMLElement | null | undefined {
  return (
    popover?.querySelector<HTMLElement>('[data-id][tabindex="0"]') ??
    popover?.querySelector<HTMLElement>('h2')
  );
}

type Element = { readonly current: HTMLElement | null };

/** Measured when it opens, and again when the window changes. */
function usePlacement(open: boolean, button: Element, popover: Element): Placement | undefined {
  const [placement, setPlacement] = useState<Placement>();
  useEffect(() => {
    if (!open) return undefined;
    const measure = () => {
      if (!button.current || !popover.current) return;
      const { left, right } = popover.current.getBoundingClientRect();
      const moved = Number.parseFloat(popover.current.style.getPropertyValue('--_shift')) || 0;
      const { clientWidth: width, clientHeight: height } = document.documentElement;
      setPlacement(
        placePopover(
          button.current.getBoundingClientRect(),
          { left: left - moved, right: right - moved },
          { width, height },
        ),
      );
    };
    measure();
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, [open, button, popover]);
  return open ? placement : undefined;
}

function positionOf(placement: Placement | undefined): CSSProperties {
  if (!placement) return {};
  const properties: Record<`--${string}`, string> = {
    '--_shift': `${placement.shift}px`,
    '--_room': `${placement.room}px`,
  };
  return properties;
}
