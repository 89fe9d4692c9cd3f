import { type ReactNode, useRef } from 'react';
import { useHerald } from './herald-context.ts';
import { AllReadIcon, CloseIcon } from './icons.tsx';
import { InboxNotice } from './inbox-notice.tsx';
import { InboxState } from './inbox-state.tsx';
import { MessageList, type OnOpen } from './message-list.tsx';
import { useActions } from './use-actions.ts';
import { useFocusInheritance } from './use-focus-inheritance.ts';
import { useInbox } from './use-inbox.ts';

/** What `<Inbox>` and `<Bell>` have in common. */
export interface PanelOptions {
  /** Called when a message is opened; `event.preventDefault()` keeps the browser from following its address. */
  readonly onOpen?: OnOpen;
  /** Shown as "Sign in" when Herald refuses the token; without it there is "Try again". */
  readonly onSignIn?: () => void;
}

interface InboxPanelProps extends PanelOptions {
  readonly titleId: string;
  /** Shows a button that closes. */
  readonly onClose?: () => void;
}

/** Head, notice and messages, or what stands in their place. */
export function InboxPanel({ titleId, onOpen, onSignIn, onClose }: InboxPanelProps): ReactNode {
  const { translator } = useHerald();
  const { messages, unreadCount, status } = useInbox();
  const actions = useActions();
  const panel = useRef<HTMLDivElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useFocusInheritance(panel, messages, title);
  const showsMessages = messages.length > 0 && status !== 'signed-out';
  const nothingToMark = unreadCount === 0 || status === 'signed-out' || status === 'closed';
  return (
    <div ref={panel} className="herald-panel">
      <header className="herald-head">
        <h2 ref={title} id={titleId} className="herald-heading" tabIndex={-1}>
          {translator.text('notifications')}
        </h2>
        <button
          type="button"
          className="herald-button herald-mark-all"
          // Stays in the tab order, so that the focus is not lost when it has done its work.
          aria-disabled={nothingToMark}
          onClick={nothingToMark ? undefined : actions.markAllRead}
        >
          <AllReadIcon />
          <span>{translator.text('markAllRead')}</span>
        </button>
        {onClose ? (
          <button
            type="button"
            className="herald-icon-button"
            aria-label={translator.text('close')}
            title={translator.text('close')}
            onClick={onClose}
          >
            <CloseIcon />
          </button>
        ) : null}
      </header>
      {showsMessages ? (
        <>
          <InboxNotice />
          <MessageList labelledBy={titleId} onOpen={onOpen} />
        </>
      ) : (
        <InboxState onSignIn={onSignIn} />
      )}
    </div>
  );
}
