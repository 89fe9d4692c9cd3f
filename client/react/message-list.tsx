import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from 'react';
import type { InboxItem } from '../browser/inbox.ts';
import { useHerald } from './herald-context.ts';
import { type ListCommand, movedIndex } from './list-keys.ts';
import { MessageRow, type MessageRowProps } from './message-row.tsx';
import { useActions } from './use-actions.ts';
import { messageElement } from './use-focus-inheritance.ts';
import { useInbox } from './use-inbox.ts';
import { useLatest } from './use-latest.ts';

/** Told of an opened message. `preventDefault()` of the event keeps the browser from following its address. */
export type OnOpen = (message: InboxItem, event: { preventDefault(): void }) => void;

export interface MessageListProps {
  readonly labelledBy: string;
  readonly onOpen: OnOpen | undefined;
}

/** A feed of the WAI-ARIA practices: one message is in the tab order, keys move among them. */
export function MessageList({ labelledBy, onOpen }: MessageListProps): ReactNode {
  const { translator } = useHerald();
  const { messages, hasMore } = useInbox();
  const actions = useActions();
  const keysId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState<string>();
  const [loading, setLoading] = useState(false);
  const active = messages.some(({ id }) => id === activeId) ? activeId : messages[0]?.id;

  // The row that gets the focus becomes the active one.
  const focusOn = useCallback((id: string) => messageElement(list.current, id)?.focus(), []);
  const latest = useLatest(messages);
  const onCommand = useCallback(
    (command: ListCommand, message: InboxItem, event: Parameters<MessageRowProps['onCommand']>[2]) => {
      if (command === 'open') {
        if (message.readAt === null) actions.markRead([message.id]);
        onOpen?.(message, event);
      } else if (command === 'read') {
        if (message.readAt === null) actions.markRead([message.id]);
      } else if (command === 'unread') {
        if (message.readAt !== null) actions.markUnread([message.id]);
      } else if (command === 'archive') {
        actions.archive([message.id]);
      } else {
        const index = latest.current.findIndex(({ id }) => id === message.id);
        const target = latest.current[movedIndex(command, index, latest.current.length)];
        if (target) focusOn(target.id);
      }
    },
    [actions, onOpen, focusOn, latest],
  );
  const onFocus = useCallback(({ id }: InboxItem) => setActiveId(id), []);

  const lastBefore = useRef<string>(undefined);
  const loadMore = async () => {
    lastBefore.current = messages.at(-1)?.id;
    setLoading(true);
    await actions.loadMore();
    setLoading(false);
  };
  // The button moves away, or goes: the keyboard continues with the first message that it has brought.
  useEffect(() => {
    if (loading || lastBefore.current === undefined) return;
    const index = messages.findIndex(({ id }) => id === lastBefore.current);
    lastBefore.current = undefined;
    const older = messages[index + 1];
    if (index >= 0 && older) focusOn(older.id);
  }, [loading, messages, focusOn]);

  return (
    <div className="herald-scroll">
      <p className="herald-unseen" id={keysId}>
        {translator.text('keys')}
      </p>
      <div ref={list} className="herald-list" role="feed" aria-labelledby={labelledBy} aria-busy={loading}>
        {messages.map((message, index) => (
          <MessageRow
            key={message.id}
            message={message}
            active={message.id === active}
            position={index + 1}
            count={hasMore ? -1 : messages.length}
            keysId={keysId}
            onCommand={onCommand}
            onFocus={onFocus}
          />
        ))}
      </div>
      {hasMore ? (
        <button
          type="button"
          className="herald-button herald-more"
          aria-disabled={loading}
          onClick={loading ? undefined : loadMore}
        >
          {translator.text(loading ? 'loading' : 'loadMore')}
        </button>
      ) : null}
    </div>
  );
}
