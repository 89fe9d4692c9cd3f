/** States of an inbox to look at. */
import type { InboxItem, InboxSnapshot } from '../../../client/browser/inbox-types.ts';

const HOUR_MS = 3_600_000;

interface Words {
  readonly title: string | null;
  readonly body: string;
}

/** Newest first; the first is unread and has a picture, the second is unread and has an address. */
export function snapshotOf(words: readonly Words[], more: Partial<InboxSnapshot> = {}): InboxSnapshot {
  const messages = words.map(
    ({ title, body }, index): InboxItem => ({
      id: `message-${index}`,
      title,
      body,
      url: index % 2 === 1 ? `/orders/${index}` : null,
      imageUrl: index === 0 ? '/shoe.svg' : null,
      data: index === 0 ? { imageAlt: 'A circle on a rectangle' } : null,
      category: null,
      createdAt: new Date(Date.now() - (index * index * 7 + 0.05) * HOUR_MS).toISOString(),
      readAt: index > 1 ? new Date().toISOString() : null,
      archivedAt: null,
      notification: { id: `notification-${index}` },
    }),
  );
  return { messages, unreadCount: 2, status: 'live', hasMore: false, pendingCount: 0, ...more };
}

export const ENGLISH: readonly Words[] = [
  { title: 'Your order is on its way', body: 'It arrives on Friday between 9 and 11.' },
  {
    title: 'Ada has commented on your draft',
    body: '“I would start with the second paragraph.”\nShe has 2 more remarks.',
  },
  { title: null, body: 'Sign-in from a new device: Chromium on Linux. Was that you?' },
  {
    title: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
    body: `https://example.com/${'a-long-address/'.repeat(8)}`,
  },
  { title: 'Weekly summary', body: '12 orders' },
];
export const ARABIC: readonly Words[] = [
  { title: 'طلبك في الطريق', body: 'يصل يوم الجمعة بين 9 و11.' },
  { title: 'علّقت آدا على مسودتك', body: '«كنت سأبدأ بالفقرة الثانية.»' },
  { title: 'Invoice 2043', body: 'Due on Friday.' },
];
export const CHINESE: readonly Words[] = [
  { title: '您的订单已发货', body: '预计周五 9 点至 11 点送达。' },
  { title: '艾达评论了您的草稿', body: '“我会从第二段开始。”' },
  { title: null, body: '新设备登录:Linux 上的 Chromium。是您本人吗?' },
];
