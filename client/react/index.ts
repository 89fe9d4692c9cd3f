'use client';
/** The door of the React components: `@herald/client/react`. */
export { Bell, type BellProps } from './bell.tsx';
export type { Theme } from './herald-context.ts';
export { HeraldProvider, type HeraldProviderProps } from './herald-provider.tsx';
export { Inbox, type InboxProps } from './inbox.tsx';
export type { PanelOptions } from './inbox-panel.tsx';
export type { OnOpen } from './message-list.tsx';
export { safeUrl } from './safe-url.ts';
export type { HeraldTexts, PluralText } from './texts/herald-texts.ts';
export type { Direction } from './texts/translator.ts';
export { type InboxView, useInbox, useUnreadCount } from './use-inbox.ts';
