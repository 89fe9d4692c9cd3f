import { createContext, useContext } from 'react';
import type { InboxSnapshot, Inbox as InboxStore } from '../browser/inbox.ts';
import type { Announcers } from './announcers.ts';
import type { Direction, Translator } from './texts/translator.ts';

export type Theme = 'auto' | 'light' | 'dark';

/** What a provider gives to the components and hooks below it. */
export interface Herald {
  readonly inbox: InboxStore;
  /** Shown until the inbox has something. */
  readonly initial: InboxSnapshot | undefined;
  readonly translator: Translator;
  readonly dir: Direction;
  readonly theme: Theme;
  readonly announcers: Announcers;
  readonly onError: (error: unknown) => void;
}

export const HeraldContext = createContext<Herald | undefined>(undefined);

/** @throws Error outside of a `<HeraldProvider>`. */
export function useHerald(): Herald {
  const herald = useContext(HeraldContext);
  if (!herald) throw new Error('Put a <HeraldProvider> around what shows or reads the inbox.');
  return herald;
}
