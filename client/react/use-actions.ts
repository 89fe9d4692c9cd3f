import { useMemo } from 'react';
import { useHerald } from './herald-context.ts';

/** The inbox's actions for event handlers: a refusal is told to the provider's `onError` and shown by the inbox. */
export interface Actions {
  loadMore(): Promise<void>;
  markRead(ids: readonly string[]): Promise<void>;
  markUnread(ids: readonly string[]): Promise<void>;
  archive(ids: readonly string[]): Promise<void>;
  markAllRead(): Promise<void>;
}

export function useActions(): Actions {
  const { inbox, onError } = useHerald();
  return useMemo(
    () => ({
      loadMore: () => inbox.loadMore().catch(onError),
      markRead: (ids) => inbox.markRead(ids).catch(onError),
      markUnread: (ids) => inbox.markUnread(ids).catch(onError),
      archive: (ids) => inbox.archive(ids).catch(onError),
      markAllRead: () => inbox.markAllRead().catch(onError),
    }),
    [inbox, onError],
  );
}
