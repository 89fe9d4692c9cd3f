import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ar } from './ar.ts';
import { en } from './en.ts';
import { translator } from './translator.ts';
import { zh } from './zh.ts';

const NOW = Date.UTC(2026, 5, 15, 12);
const ago = (seconds: number) => NOW - seconds * 1_000;
// Dates are those of the reader's time zone.
beforeEach(() => void vi.stubEnv('TZ', 'UTC'));

describe('the languages', () => {
  const placeholders = (text: unknown) =>
    [...JSON.stringify(text).matchAll(/\{\w+\}/g)].map(([name]) => name);
  test.each([
    ['zh', zh],
    ['ar', ar],
  ])('%s says all that English says, with the same placeholders', (_language, texts) => {
    expect(Object.keys(texts)).toEqual(Object.keys(en));
    for (const [key, text] of Object.entries(en))
      expect(new Set(placeholders(Object.entries(texts).find(([name]) => name === key)?.[1])), key).toEqual(
        new Set(placeholders(text)),
      );
  });

  test.each([
    ['en', en],
    ['zh', zh],
    ['ar', ar],
  ])('%s has every plural form that its language needs', (language, texts) => {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    expect(Object.keys(texts.notificationsUnread).toSorted()).toEqual(needed);
    expect(Object.keys(texts.newMessages).toSorted()).toEqual(needed);
  });
});

describe('translator', () => {
  test.each([
    ['en', 1, 'Notifications, 1 unread'],
    ['en-US', 1200, 'Notifications, 1,200 unread'],
    ['zh-Hans-CN', 3, '通知,3 条未读'],
    ['ar', 1, 'الإشعارات، إشعار واحد غير مقروء'],
    ['ar', 2, 'الإشعارات، إشعاران غير مقروءين'],
    ['ar', 3, 'الإشعارات، 3 إشعارات غير مقروءة'],
    ['ar', 11, 'الإشعارات، 11 إشعارًا غير مقروء'],
    ['ar', 100, 'الإشعارات، 100 إشعار غير مقروء'],
    ['ar-EG', 3, 'الإشعارات، ٣ إشعارات غير مقروءة'],
  ])('%s counts %i', (locale, count, expected) => {
    expect(translator(locale).count('notificationsUnread', count)).toBe(expected);
  });

  test.each([
    ['en', 'ltr'],
    ['zh', 'ltr'],
    ['ar-EG', 'rtl'],
  ])('%s is written %s', (locale, dir) => {
    expect(translator(locale).dir).toBe(dir);
  });

  test.each([
    ['en', -5, 'now'],
    ['en', 59, 'now'],
    ['en', 60, '1 min. ago'],
    ['en', 3_599, '59 min. ago'],
    ['en', 7_200, '2 hr. ago'],
    ['en', 86_400, 'yesterday'],
    ['en', 6 * 86_400, '6 days ago'],
    ['en', 8 * 86_400, 'Jun 7'],
    ['en', 400 * 86_400, 'May 11, 2025'],
    ['zh', 60, '1分钟前'],
    ['zh', 30, '刚刚'],
    ['ar', 86_400, 'أمس'],
  ])('%s: %i seconds ago is %s', (locale, seconds, expected) => {
    expect(translator(locale).relativeTime(ago(seconds), NOW)).toBe(expected);
  });

  test('single texts are replaced; values are put in once', () => {
    const words = translator('en', { newMessage: 'Just in: {title}', emptyTitle: 'All done' });
    expect(words.text('newMessage', { title: 'about {title}' })).toBe('Just in: about {title}');
    expect(words.text('emptyTitle')).toBe('All done');
    expect(words.text('markRead')).toBe('Mark as read');
  });

  test('an unknown language is English, times included, unless its texts are given', () => {
    expect(translator('de').relativeTime(ago(60), NOW)).toBe('1 min. ago');
    expect(translator('de', { justNow: 'jetzt' }).relativeTime(ago(60), NOW)).toBe('vor 1 Min.');
    expect(translator('he').dir).toBe('ltr');
    expect(translator('he', { justNow: 'עכשיו' }).dir).toBe('rtl');
  });

  test('what is no language tag is English', () => {
    expect(translator('not a tag').text('archive')).toBe('Archive');
    expect(translator('').locale).toBe('en');
  });
});
