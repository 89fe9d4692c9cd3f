import type { InboxSnapshot } from '../../../client/browser/inbox-types.ts';

/** What a test wants of the page. */
export interface PageConfig {
  /** Where Herald is. */
  readonly url?: string;
  /** Of a user; without one a store that only has `snapshot`. */
  readonly token?: string;
  readonly snapshot?: InboxSnapshot;
  /** Renders first as a server does, with `snapshot` as what it had read, then hydrates. */
  readonly hydrate?: boolean;
  readonly show: 'bell' | 'inbox' | 'both';
  readonly bell?: 'start' | 'end';
  readonly locale?: string;
  readonly theme?: 'light' | 'dark';
  readonly pageSize?: number;
  /** Keeps the browser from following addresses. */
  readonly takesOpening?: boolean;
}

/** What the page noted for the test. */
export interface PageNotes {
  readonly opened: string[];
  /** Of React: what it repaired or gave up. */
  readonly errors: string[];
}
