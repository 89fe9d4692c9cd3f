/**
 * What the inbox needs of a browser, each by the standard's own name and only as far as it is used. Node has most of
 * it too. What may be missing is optional: its user says what happens then.
 */

/** https://websockets.spec.whatwg.org/#the-websocket-interface */
export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** https://html.spec.whatwg.org/#broadcastchannel */
export interface ChannelLike {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** https://w3c.github.io/web-locks/#api-lock-manager */
export interface LocksLike {
  request(
    name: string,
    options: { readonly signal: AbortSignal },
    held: () => Promise<void>,
  ): Promise<unknown>;
}

/** https://html.spec.whatwg.org/#the-storage-interface */
export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** https://www.w3.org/TR/push-api/#extensions-to-the-serviceworkerregistration-interface */
export interface RegistrationLike {
  readonly pushManager?: { getSubscription(): Promise<{ readonly endpoint: string } | null> };
}

interface Listening {
  addEventListener(type: string, listener: (event: never) => void): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
}

interface Globals extends Partial<Listening> {
  readonly WebSocket: new (url: string, protocol: string) => SocketLike;
  readonly BroadcastChannel?: new (name: string) => ChannelLike;
  readonly localStorage?: StorageLike;
  readonly navigator?: {
    readonly locks?: LocksLike;
    readonly serviceWorker?: Listening & {
      startMessages?(): void;
      getRegistrations?(): Promise<readonly RegistrationLike[]>;
    };
  };
  readonly document?: Listening & { readonly visibilityState: string };
}

/** The browser's global object. */
export const browser = globalThis as unknown as Globals;

/** Undefined where the browser has none, or keeps it from this page. */
export function storageOf(globals: Pick<Globals, 'localStorage'>): StorageLike | undefined {
  try {
    return globals.localStorage;
  } catch {
    // A SecurityError: storage is blocked for this site.
    return undefined;
  }
}

/** Listens while there is something to listen to. Returns what ends it. */
export function listenTo(
  target: Partial<Listening> | undefined,
  type: string,
  listener: (event: never) => void,
): () => void {
  target?.addEventListener?.(type, listener);
  return () => target?.removeEventListener?.(type, listener);
}
