import { type ReactNode, useEffect, useId, useRef, useState, useSyncExternalStore } from 'react';
import type { InboxItem } from '../browser/inbox.ts';
import { arrivals, type Seen, withSeen } from './arrivals.ts';
import { useHerald } from './herald-context.ts';
import { useInbox } from './use-inbox.ts';

/** Messages that come together are said together. */
const GATHER_MS = 400;
/** Then it is emptied: what was said must not be found while reading the page, and may be said again. */
const EMPTY_MS = 7_000;

const NOTHING_SEEN: Seen = { ids: new Set(), newestMs: Number.NEGATIVE_INFINITY };

/** Says politely what came in. Of several on a page one speaks. */
export function Announcer(): ReactNode {
  const { translator, announcers } = useHerald();
  const id = useId();
  useEffect(() => announcers.add(id), [announcers, id]);
  const speaks = useSyncExternalStore(
    announcers.subscribe,
    () => announcers.speaker() === id,
    () => false,
  );
  const arrived = useArrived();
  const [first, ...more] = arrived;
  const said =
    first === undefined
      ? ''
      : more.length > 0
        ? translator.count('newMessages', arrived.length)
        : translator.text('newMessage', { title: first.title?.trim() || first.body });
  return (
    <div className="herald-unseen" aria-live="polite" aria-atomic="true">
      {speaks ? said : ''}
    </div>
  );
}

/** What came in within the last seconds, since the inbox was first live. */
function useArrived(): readonly InboxItem[] {
  const { inbox } = useHerald();
  const { messages, status } = useInbox();
  const seen = useRef<Seen>(undefined);
  const gathered = useRef<readonly InboxItem[]>([]);
  const [arrived, setArrived] = useState<readonly InboxItem[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another inbox is another user's: all that it has is old.
  useEffect(() => {
    seen.current = undefined;
    gathered.current = [];
  }, [inbox]);
  useEffect(() => {
    if (seen.current === undefined && status !== 'live') return;
    const before = seen.current;
    seen.current = withSeen(before ?? NOTHING_SEEN, messages);
    if (before === undefined) return;
    const fresh = arrivals(before, messages).filter(({ readAt }) => readAt === null);
    gathered.current = [...gathered.current, ...fresh];
  }, [messages, status]);
  useEffect(() => {
    if (messages.length === 0 || gathered.current.length === 0) return undefined;
    const saying = setTimeout(() => {
      setArrived(gathered.current);
      gathered.current = [];
    }, GATHER_MS);
    return () => clearTimeout(saying);
  }, [messages]);
  useEffect(() => {
    if (arrived.length === 0) return undefined;
    const emptying = setTimeout(() => setArrived([]), EMPTY_MS);
    return () => clearTimeout(emptying);
  }, [arrived]);
  return arrived;
}
