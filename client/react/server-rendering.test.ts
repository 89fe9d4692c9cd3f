/** What a server renders: every state, in every language, without a browser. */
import { createElement, type ReactNode, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import type { InboxItem, InboxSnapshot } from '../browser/inbox.ts';
import { Bell, HeraldProvider, type HeraldProviderProps, Inbox, useInbox, useUnreadCount } from './index.ts';

const MESSAGE: InboxItem = {
  id: '1',
  title: 'Invoice 2043',
  body: 'Due on Friday',
  url: 'https://shop.example/invoices/2043',
  imageUrl: null,
  data: null,
  category: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  readAt: null,
  archivedAt: null,
  notification: { id: 'n-1' },
};
const LIVE: InboxSnapshot = {
  messages: [MESSAGE],
  unreadCount: 1,
  status: 'live',
  hasMore: false,
  pendingCount: 0,
};

type Options = Partial<Pick<HeraldProviderProps, 'initial' | 'locale' | 'messages' | 'dir' | 'theme'>>;

function rendered(options: Options, ...children: ReactNode[]): string {
  const [first = createElement(Inbox), ...more] = children;
  const provider = createElement(
    HeraldProvider,
    { url: 'https://herald.example', token: 'token', ...options },
    first,
    ...more,
  );
  // React separates texts by comments.
  return renderToString(createElement(StrictMode, null, provider)).replaceAll('<!-- -->', '');
}

const shown = (initial: Partial<InboxSnapshot>, options: Options = {}) =>
  rendered({ ...options, initial: { ...LIVE, ...initial } });
const nothing = { messages: [], unreadCount: 0 };
const refused = (code: string) => ({ code, message: 'no' });

describe('states', () => {
  test.each<[string, Partial<InboxSnapshot>, string[]]>([
    ['loading', { ...nothing, status: 'connecting' }, ['data-state="loading"', 'Loading notifications']],
    ['empty', { ...nothing }, ['data-state="empty"', 'Nothing here yet']],
    ['offline', { ...nothing, status: 'offline' }, ['data-state="offline"', 'No connection']],
    [
      'offline is not also an error',
      { ...nothing, status: 'offline', error: refused('CONNECTION') },
      ['data-state="offline"'],
    ],
    ['signed out', { ...nothing, status: 'signed-out' }, ['data-state="signed-out"', 'Try again']],
    ['closed', { ...nothing, status: 'closed' }, ['no longer updated']],
    [
      'refused',
      { ...nothing, status: 'connecting', error: refused('FORBIDDEN') },
      ['data-state="error"', 'role="alert"', 'Something went wrong (FORBIDDEN).'],
    ],
    ['offline with messages', { status: 'offline' }, ['What you do is kept', 'Invoice 2043']],
    ['connecting anew', { status: 'connecting' }, ['Connecting…', 'Invoice 2043']],
    ['an action was refused', { error: refused('RATE_LIMITED') }, ['Too much at once', 'Invoice 2043']],
  ])('%s', (_state, snapshot, expected) => {
    const html = shown(snapshot);
    for (const text of expected) expect(html).toContain(text);
  });

  test('live: nothing but the messages', () => {
    const html = shown({});
    expect(html).not.toContain('herald-notice');
    expect(html).not.toContain('data-state');
    expect(html).toContain('<a href="https://shop.example/invoices/2043"');
  });

  test('without a token that is taken, no message is shown', () => {
    expect(shown({ status: 'signed-out' })).not.toContain('Invoice 2043');
  });

  test('a sign-in of the page replaces trying again', () => {
    const html = rendered(
      { initial: { ...LIVE, status: 'signed-out' } },
      createElement(Inbox, { onSignIn: () => undefined }),
    );
    expect(html).toContain('>Sign in</button>');
    expect(html).not.toContain('Try again');
  });

  test('before anything is known it is loading', () => {
    expect(rendered({})).toContain('data-state="loading"');
  });
});

describe('messages', () => {
  const one = (message: Partial<InboxItem>) => shown({ messages: [{ ...MESSAGE, ...message }] });

  test('are text, never markup', () => {
    const html = one({ title: '<b>bold</b>', body: '<img src=x onerror=alert(1)>' });
    expect(html).toContain('&lt;b&gt;bold&lt;/b&gt;');
    expect(html).not.toContain('<img');
  });

  test('are no link where the address is not safe', () => {
    const html = one({ url: 'javascript:alert(1)', imageUrl: 'data:image/svg+xml,<svg/>' });
    expect(html).not.toContain('<a ');
    expect(html).not.toContain('<img');
    expect(html).not.toContain('javascript:');
  });

  test('images have an alternative text', () => {
    const imageUrl = 'https://shop.example/shoe.png';
    expect(one({ imageUrl })).toContain('alt="Image: Invoice 2043"');
    expect(one({ imageUrl, data: { imageAlt: 'A red shoe' } })).toContain('alt="A red shoe"');
  });

  test('without a title are headed by their text', () => {
    expect(one({ title: null })).toContain('>Due on Friday</a></h3>');
    expect(one({ title: ' ', body: '' })).toContain('>Message</a></h3>');
  });

  test('one is in the tab order, and each knows its place', () => {
    const messages = ['1', '2', '3'].map((id) => ({ ...MESSAGE, id }));
    const html = shown({ messages });
    expect(html.match(/<article[^>]*tabindex="0"/gi)).toHaveLength(1);
    expect(html.match(/<article[^>]*tabindex="-1"/gi)).toHaveLength(2);
    expect(html).toContain('aria-posinset="3" aria-setsize="3"');
    expect(shown({ messages, hasMore: true })).toContain('aria-posinset="3" aria-setsize="-1"');
  });

  test('the time is a day that is the same everywhere', () => {
    expect(shown({})).toContain('>Jan 2, 2026</time>');
  });
});

describe('languages', () => {
  test.each([
    ['en', 'ltr', 'Mark all as read', 'Mark as read', 'Notifications, 1 unread'],
    ['zh', 'ltr', '全部标为已读', '标为已读', '通知,1 条未读'],
    ['ar', 'rtl', 'تحديد الكل كمقروء', 'تحديد كمقروء', 'الإشعارات، إشعار واحد غير مقروء'],
  ])('%s', (locale, dir, ...texts) => {
    const html = rendered(
      { initial: LIVE, locale },
      createElement(Inbox, { key: 1 }),
      createElement(Bell, { key: 2 }),
    );
    expect(html).toContain(`lang="${locale}" dir="${dir}"`);
    for (const text of texts) expect(html).toContain(text);
  });

  test('a page replaces texts, the direction and the theme', () => {
    const html = rendered({ initial: LIVE, messages: { archive: 'Put away' }, dir: 'rtl', theme: 'dark' });
    expect(html).toContain('aria-label="Put away"');
    expect(html).toContain('dir="rtl" data-herald-theme="dark"');
  });
});

describe('the bell', () => {
  const bell = (unreadCount: number, locale = 'en') =>
    rendered({ initial: { ...LIVE, unreadCount }, locale }, createElement(Bell));

  test('is a closed button that is named with the count', () => {
    const html = bell(7);
    expect(html).toContain(
      'aria-label="Notifications, 7 unread" aria-haspopup="dialog" aria-expanded="false"',
    );
    expect(html).toContain('>7</span>');
    expect(html).not.toContain('role="dialog"');
  });

  test('has no badge when all is read, and a short one for many', () => {
    expect(bell(0)).not.toContain('herald-badge');
    expect(bell(0)).toContain('aria-label="Notifications"');
    expect(bell(1234)).toContain('>99+</span>');
    expect(bell(1234)).toContain('Notifications, 1,234 unread');
  });
});

const Words = () => createElement('p', null, `${useInbox().messages[0]?.title}: ${useUnreadCount()}`);

describe('hooks', () => {
  test('give what the provider has', () => {
    expect(rendered({ initial: LIVE }, createElement(Words))).toContain('Invoice 2043: 1');
  });

  test('say what is missing without one', () => {
    expect(() => renderToString(createElement(Words))).toThrow('Put a <HeraldProvider> around');
  });
});
