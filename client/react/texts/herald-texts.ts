/** A text in the plural forms of its language (CLDR categories); a form that is missing is `other`. */
export type PluralText = Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string };

/**
 * All that the components say. `{count}` and `{title}` in a text are replaced. Plain data, so that a server component
 * can pass it.
 */
export interface HeraldTexts {
  /** The name of the inbox, and of the bell when nothing is unread. */
  readonly notifications: string;
  /** The name of the bell while something is unread: `{count}`. */
  readonly notificationsUnread: PluralText;
  /** What the badge shows from 100 on: `{count}` is 99. */
  readonly badgeMore: string;
  readonly markAllRead: string;
  readonly markRead: string;
  readonly markUnread: string;
  readonly archive: string;
  readonly close: string;
  /** Said before an unread message. */
  readonly unread: string;
  /** Names a message without a title. */
  readonly untitled: string;
  /** Alternative text of an image whose message brings none: `{title}`. */
  readonly imageOf: string;
  /** Said of a message, for the keyboard. */
  readonly keys: string;
  readonly loading: string;
  readonly loadMore: string;
  readonly emptyTitle: string;
  readonly emptyText: string;
  readonly offlineTitle: string;
  readonly offlineText: string;
  readonly reconnecting: string;
  readonly signedOutTitle: string;
  readonly signedOutText: string;
  readonly signIn: string;
  readonly closedText: string;
  readonly tryAgain: string;
  readonly errorTitle: string;
  readonly errorConnection: string;
  readonly errorRateLimited: string;
  /** Any other code: `{code}`. */
  readonly errorOther: string;
  /** Announced: `{title}`. */
  readonly newMessage: string;
  /** Announced for several at once: `{count}`. */
  readonly newMessages: PluralText;
  /** Less than a minute ago. */
  readonly justNow: string;
}
