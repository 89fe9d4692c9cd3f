import { type KeyboardEvent, type MouseEvent, memo, type ReactNode, useId, useRef } from 'react';
import type { InboxItem } from '../browser/inbox.ts';
import { useHerald } from './herald-context.ts';
import { ArchiveIcon, ReadIcon, UnreadIcon } from './icons.tsx';
import { type ListCommand, listCommand } from './list-keys.ts';
import { MessageImage } from './message-image.tsx';
import { MessageTime } from './message-time.tsx';
import { safeUrl } from './safe-url.ts';

export interface MessageRowProps {
  readonly message: InboxItem;
  /** The one that Tab reaches. */
  readonly active: boolean;
  readonly position: number;
  /** -1 while there are more than are loaded. */
  readonly count: number;
  readonly keysId: string;
  /** The reader's wish, by key, button or click. */
  onCommand(command: ListCommand, message: InboxItem, event: KeyboardEvent | MouseEvent): void;
  onFocus(message: InboxItem): void;
}

/** One message: text, never markup; a link only where its address is safe. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactNode {
  const { message, active, position, count, keysId, onCommand, onFocus } = props;
  const { translator } = useHerald();
  const id = useId();
  const link = useRef<HTMLAnchorElement>(null);
  const unread = message.readAt === null;
  const url = safeUrl(message.url);
  // What has no title is headed by its text.
  const title = message.title?.trim() || undefined;
  const heading = title ?? (message.body.trim() || translator.text('untitled'));
  const tab = active ? 0 : -1;

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const command = listCommand(keyOf(event), event.target !== event.currentTarget);
    if (!command) return;
    event.preventDefault();
    // The click on the link opens, so that the browser follows it as any other.
    if (command === 'open' && link.current) link.current.click();
    else onCommand(command, message, event);
  };
  const onClick = (event: MouseEvent<HTMLElement>) => {
    if (event.target instanceof Element && event.target.closest('a, button')) return;
    if (getSelection()?.isCollapsed === false) return;
    if (link.current) link.current.click();
    else onCommand('open', message, event);
  };

  // Articles of a feed take the focus and its keys (WAI-ARIA practices).
  return (
    <article
      className="herald-message"
      data-unread={unread || undefined}
      data-id={message.id}
      tabIndex={tab}
      aria-posinset={position}
      aria-setsize={count}
      aria-labelledby={`${id}-title`}
      aria-describedby={title === undefined ? keysId : `${id}-body ${keysId}`}
      aria-keyshortcuts="R U E"
      onKeyDown={onKeyDown}
      onClick={onClick}
      onFocus={() => onFocus(message)}
    >
      <div className="herald-content">
        <h3
          className="herald-title"
          id={`${id}-title`}
          dir="auto"
          data-untitled={title === undefined || undefined}
        >
          {unread ? <span className="herald-unseen">{translator.text('unread')} </span> : null}
          {url === undefined ? (
            heading
          ) : (
            <a
              ref={link}
              href={url}
              tabIndex={tab}
              rel="noopener noreferrer"
              onClick={(event) => onCommand('open', message, event)}
            >
              {heading}
            </a>
          )}
        </h3>
        {title === undefined ? null : (
          <p className="herald-body" id={`${id}-body`} dir="auto">
            {message.body}
          </p>
        )}
        <MessageImage message={message} title={heading} />
      </div>
      <div className="herald-meta">
        <MessageTime at={message.createdAt} />
        <div className="herald-actions">
          <RowAction
            name={translator.text(unread ? 'markRead' : 'markUnread')}
            describedBy={`${id}-title`}
            tab={tab}
            onClick={(event) => onCommand(unread ? 'read' : 'unread', message, event)}
          >
            {unread ? <ReadIcon /> : <UnreadIcon />}
          </RowAction>
          <RowAction
            name={translator.text('archive')}
            describedBy={`${id}-title`}
            tab={tab}
            onClick={(event) => onCommand('archive', message, event)}
          >
            <ArchiveIcon />
          </RowAction>
        </div>
      </div>
    </article>
  );
});

function keyOf({ key, ctrlKey, metaKey, altKey, nativeEvent }: KeyboardEvent) {
  return { key, ctrlKey, metaKey, altKey, isComposing: nativeEvent.isComposing };
}

interface RowActionProps {
  readonly name: string;
  readonly describedBy: string;
  readonly tab: number;
  readonly children: ReactNode;
  onClick(event: MouseEvent): void;
}

function RowAction({ name, describedBy, tab, children, onClick }: RowActionProps): ReactNode {
  return (
    <button
      type="button"
      className="herald-icon-button"
      aria-label={name}
      aria-describedby={describedBy}
      title={name}
      tabIndex={tab}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
