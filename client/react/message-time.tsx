import type { ReactNode } from 'react';
import { useHerald } from './herald-context.ts';
import { useNow } from './use-now.ts';

/** How long ago; hovering shows the moment. A server writes the day. */
export function MessageTime({ at }: { readonly at: string }): ReactNode {
  const { translator } = useHerald();
  const now = useNow();
  const atMs = Date.parse(at);
  if (Number.isNaN(atMs)) return null;
  return (
    // Two releases of the Unicode data may write the same day differently.
    <time
      className="herald-time"
      dateTime={at}
      title={now === undefined ? undefined : translator.dateTime(atMs)}
      suppressHydrationWarning
    >
      {now === undefined ? translator.utcDate(atMs) : translator.relativeTime(atMs, now)}
    </time>
  );
}
