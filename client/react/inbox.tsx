import { type CSSProperties, type ReactNode, useId } from 'react';
import { Announcer } from './announcer.tsx';
import { HeraldRoot } from './herald-root.tsx';
import { InboxPanel, type PanelOptions } from './inbox-panel.tsx';

export interface InboxProps extends PanelOptions {
  readonly className?: string;
  readonly style?: CSSProperties;
}

/** The inbox as a part of the page: as wide as its place, as high as its content or as its place lets it. */
export function Inbox({ className, style, ...options }: InboxProps): ReactNode {
  const titleId = useId();
  return (
    <HeraldRoot className={className} style={style}>
      <section className="herald-inbox" aria-labelledby={titleId}>
        <InboxPanel {...options} titleId={titleId} />
      </section>
      <Announcer />
    </HeraldRoot>
  );
}
