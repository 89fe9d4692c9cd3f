import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import {
  createInbox,
  type InboxSnapshot,
  type Inbox as InboxStore,
  type TokenSource,
} from '../browser/inbox.ts';
import { createAnnouncers } from './announcers.ts';
import { CONNECTING_INBOX } from './connecting-inbox.ts';
import { type Herald, HeraldContext, type Theme } from './herald-context.ts';
import type { HeraldTexts } from './texts/herald-texts.ts';
import { type Direction, translator } from './texts/translator.ts';
import { useLatest } from './use-latest.ts';

interface OwnInbox {
  /** Where Herald is, for example `https://herald.example.com`. */
  readonly url: string;
  /**
   * A user token, or what gets one; the function may be another one at each rendering. When another user signs in,
   * give the provider another `key`.
   */
  readonly token: TokenSource;
  /** How many messages are loaded at once: 1 to 100, usually 25. */
  readonly pageSize?: number;
  /** One socket for all tabs of the browser. Usually true. */
  readonly shareSocket?: boolean;
  readonly inbox?: undefined;
}

interface GivenInbox {
  /** An inbox of `createInbox`. It is started here; closing it is left to who made it. */
  readonly inbox: InboxStore;
  readonly url?: undefined;
  readonly token?: undefined;
  readonly pageSize?: undefined;
  readonly shareSocket?: undefined;
}

interface Surroundings {
  readonly children?: ReactNode;
  /** BCP 47; usually that of `<html lang>`, else the browser's. */
  readonly locale?: string;
  /** Usually that of the locale's writing. */
  readonly dir?: Direction;
  /** Replaces single texts. */
  readonly messages?: Partial<HeraldTexts>;
  /** `auto` follows the system, or the nearest `data-herald-theme` attribute. */
  readonly theme?: Theme;
  /** What a server has read already: rendered there, and shown until the inbox is connected. */
  readonly initial?: InboxSnapshot;
  /** Hears of actions that were refused; the components show them, too. */
  readonly onError?: (error: unknown) => void;
}

export type HeraldProviderProps = (OwnInbox | GivenInbox) & Surroundings;

/** The inbox of one user for all below it. Connects when it is mounted, never on a server. */
export function HeraldProvider(props: HeraldProviderProps): ReactNode {
  const { children, dir, messages, theme = 'auto', initial, onError } = props;
  const inbox = useOwnOrGivenInbox(props);
  const locale = useLocale(props.locale);
  // Overrides are usually written in place: equal ones must not change the context.
  const overrides = JSON.stringify(messages);
  const words = useMemo(
    () => translator(locale, overrides === undefined ? {} : JSON.parse(overrides)),
    [locale, overrides],
  );
  const [announcers] = useState(createAnnouncers);
  const tell = useLatest(onError);
  const herald = useMemo<Herald>(
    () => ({
      inbox,
      initial,
      translator: words,
      dir: dir ?? words.dir,
      theme,
      announcers,
      onError: (error) => tell.current?.(error),
    }),
    [inbox, initial, words, dir, theme, announcers, tell],
  );
  return <HeraldContext.Provider value={herald}>{children}</HeraldContext.Provider>;
}

function useOwnOrGivenInbox({ inbox, url, token, pageSize, shareSocket }: HeraldProviderProps): InboxStore {
  const [own, setOwn] = useState<InboxStore>();
  const latestToken = useLatest(token);
  // Another string may be another user's; another function usually is the same one, written in place.
  const fixedToken = typeof token === 'string' ? token : undefined;
  useEffect(() => {
    if (inbox || url === undefined) return undefined;
    const source: TokenSource = fixedToken ?? (async () => tokenOf(latestToken.current));
    const made = createInbox({ url, token: source, pageSize, shareSocket });
    setOwn(made);
    // Strict mode mounts twice in one go: the first inbox is closed before it has connected.
    const starting = setTimeout(made.start);
    return () => {
      clearTimeout(starting);
      made.close();
      setOwn(undefined);
    };
  }, [inbox, url, fixedToken, pageSize, shareSocket, latestToken]);
  useEffect(() => inbox?.start(), [inbox]);
  return inbox ?? own ?? CONNECTING_INBOX;
}

async function tokenOf(source: TokenSource | undefined): Promise<string> {
  if (source === undefined) throw new Error('The provider has no token any more.');
  return typeof source === 'string' ? source : source();
}

const never = () => () => undefined;

/** While hydrating it is what the server took: English, unless it was told. */
function useLocale(given: string | undefined): string {
  const found = useSyncExternalStore(
    never,
    () => document.documentElement.lang || navigator.language,
    () => 'en',
  );
  return given ?? found;
}
