/** An application in small: a bell in its head, an inbox below. */
import { type ReactNode, StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server.browser';
import type { InboxSnapshot, Inbox as InboxStore } from '../../../client/browser/inbox.ts';
import { Bell, HeraldProvider, Inbox } from '../../../client/react/index.ts';
import type { PageConfig, PageNotes } from './page-config.ts';

const config: PageConfig = JSON.parse(document.getElementById('config')?.textContent ?? '');
const notes: PageNotes = { opened: [], errors: [] };
Object.assign(window, { notes });

/** A store that stands still: to look at one state. */
function still(snapshot: InboxSnapshot): InboxStore {
  const done = async () => undefined;
  return {
    subscribe: () => () => undefined,
    getSnapshot: () => snapshot,
    start: () => undefined,
    loadMore: done,
    markRead: done,
    markUnread: done,
    archive: done,
    markAllRead: done,
    close: () => undefined,
  };
}

const store = config.snapshot && config.token === undefined ? still(config.snapshot) : undefined;

function Page(): ReactNode {
  const { show, url = '', token = '', locale, theme, pageSize, snapshot, takesOpening } = config;
  const surroundings = { locale, theme, initial: config.hydrate ? snapshot : undefined };
  const options = {
    onOpen: (message: { readonly id: string }, event: { preventDefault(): void }) => {
      notes.opened.push(message.id);
      if (takesOpening) event.preventDefault();
    },
  };
  const parts = (
    <>
      {show === 'inbox' ? null : (
        <nav>
          <Bell {...options} />
        </nav>
      )}
      {show === 'bell' ? null : (
        <main>
          <Inbox {...options} />
        </main>
      )}
    </>
  );
  return (
    <StrictMode>
      {store ? (
        <HeraldProvider inbox={store} {...surroundings}>
          {parts}
        </HeraldProvider>
      ) : (
        <HeraldProvider url={url} token={async () => token} pageSize={pageSize} {...surroundings}>
          {parts}
        </HeraldProvider>
      )}
    </StrictMode>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root.');
if (config.hydrate) {
  root.innerHTML = renderToString(<Page />);
  hydrateRoot(root, <Page />, { onRecoverableError: (error) => notes.errors.push(String(error)) });
} else createRoot(root).render(<Page />);
