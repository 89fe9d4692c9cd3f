/**
 * The tabs of one browser that show the same inbox: one of them, the leader, has the connection and tells the others
 * every change; they tell it what is to be done. When it closes, another takes over (https://w3c.github.io/web-locks/).
 */
import { browser, type ChannelLike, type LocksLike } from './environment.ts';
import type { InboxChange, InboxState, PendingAction } from './inbox-state.ts';
import type { InboxError } from './inbox-types.ts';

/** What one tab asks the leader to do. */
export type Command =
  | { readonly kind: 'start' }
  | { readonly kind: 'act'; readonly action: PendingAction }
  | { readonly kind: 'more'; readonly id: string };

type Message =
  | { readonly t: 'hello' }
  | { readonly t: 'state'; readonly leader: string; readonly seq: number; readonly state: InboxState }
  | { readonly t: 'change'; readonly leader: string; readonly seq: number; readonly change: InboxChange }
  | { readonly t: 'command'; readonly command: Command }
  | { readonly t: 'done'; readonly id: string; readonly error?: InboxError };

export interface TabGroupOptions {
  /** The same in all tabs that belong together. */
  readonly name: string;
  state(): InboxState;
  /** This tab is the leader now. */
  onLead(): void;
  /** Another tab's wish: only for the leader. */
  onCommand(command: Command): void;
  /** What the leader says happened. */
  onChange(change: InboxChange): void;
  /** Everything as the leader has it: it is new, or this tab is, or has missed something. */
  onState(state: InboxState): void;
  /** A `more` has ended. */
  onDone(id: string, error: InboxError | undefined): void;
}

/** What sharing needs; undefined where the browser lacks either, as it does on a page without https. */
export function sharing(): { readonly locks: LocksLike; openChannel(name: string): ChannelLike } | undefined {
  const locks = browser.navigator?.locks;
  const Channel = browser.BroadcastChannel;
  return locks && Channel ? { locks, openChannel: (name) => new Channel(name) } : undefined;
}

export class TabGroup {
  readonly #options: TabGroupOptions;
  readonly #channel: ChannelLike;
  readonly #waiting = new AbortController();
  #release: () => void = () => undefined;
  #leads = false;
  /** Of the leader whose changes are followed. */
  #leader = '';
  #seq = 0;

  constructor(options: TabGroupOptions, { locks, openChannel }: NonNullable<ReturnType<typeof sharing>>) {
    this.#options = options;
    this.#channel = openChannel(options.name);
    this.#channel.onmessage = ({ data }) => this.#receive(data as Message);
    locks
      .request(options.name, { signal: this.#waiting.signal }, () => this.#lead())
      .catch((error: unknown) => {
        if (!this.#waiting.signal.aborted) console.warn('herald: no lock over tabs', error);
      });
    this.#post({ t: 'hello' });
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** The leader's: after it took effect here. */
  tell(change: InboxChange): void {
    if (!this.#leads) return;
    this.#seq += 1;
    this.#post({ t: 'change', leader: this.#leader, seq: this.#seq, change });
  }

  tellDone(id: string, error: InboxError | undefined): void {
    this.#post({ t: 'done', id, ...(error && { error }) });
  }

  ask(command: Command): void {
    this.#post({ t: 'command', command });
  }

  close(): void {
    this.#waiting.abort();
    this.#leads = false;
    this.#channel.onmessage = null;
    this.#channel.close();
    this.#release();
  }

  /** The lock is held until the promise resolves. */
  #lead(): Promise<void> {
    if (this.#waiting.signal.aborted) return Promise.resolve();
    const held = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#leads = true;
    this.#leader = Math.random().toString(36).slice(2);
    this.#seq = 0;
    this.#options.onLead();
    this.#tellState();
    return held;
  }

  #tellState(): void {
    this.#post({ t: 'state', leader: this.#leader, seq: this.#seq, state: this.#options.state() });
  }

  #receive(message: Message): void {
    const { onCommand, onChange, onState, onDone } = this.#options;
    switch (message.t) {
      case 'hello':
        if (this.#leads) this.#tellState();
        break;
      case 'command':
        if (this.#leads) onCommand(message.command);
        break;
      case 'done':
        onDone(message.id, message.error);
        break;
      case 'state':
        if (this.#leads || (message.leader === this.#leader && message.seq <= this.#seq)) break;
        this.#leader = message.leader;
        this.#seq = message.seq;
        onState(message.state);
        break;
      case 'change':
        if (this.#leads || (message.leader === this.#leader && message.seq <= this.#seq)) break;
        if (message.leader === this.#leader && message.seq === this.#seq + 1) {
          this.#seq = message.seq;
          onChange(message.change);
        } else this.#post({ t: 'hello' });
        break;
    }
  }

  #post(message: Message): void {
    this.#channel.postMessage(message);
  }
}
