import { type ReactNode, useState } from 'react';
import type { InboxItem } from '../browser/inbox.ts';
import { useHerald } from './herald-context.ts';
import { safeUrl } from './safe-url.ts';

/** The message's picture. Its alternative text is `data.imageAlt` where the sender gives one. Gone if it can't load. */
export function MessageImage({
  message,
  title,
}: {
  readonly message: InboxItem;
  readonly title: string;
}): ReactNode {
  const { translator } = useHerald();
  const [failed, setFailed] = useState<string>();
  const source = safeUrl(message.imageUrl);
  if (source === undefined || source === failed) return null;
  return (
    <img
      className="herald-image"
      src={source}
      alt={imageAlt(message.data) ?? translator.text('imageOf', { title })}
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setFailed(source)}
    />
  );
}

function imageAlt(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('imageAlt' in data)) return undefined;
  return typeof data.imageAlt === 'string' ? data.imageAlt : undefined;
}
