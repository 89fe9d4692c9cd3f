/** What the benchmark and its client processes say to each other. */

/** One socket with one subscription. */
export interface SocketPlan {
  readonly authorization: string;
  /** Index into `Opening.operations`. */
  readonly operation: number;
  /** Loopback address to connect from. */
  readonly from: string;
  /**
   * `shared`: the same frames as all other such sockets. `own`: messages for `user` alone. `nothing`: any frame is
   * an error.
   */
  readonly gets: 'shared' | 'own' | 'nothing';
  readonly user?: string;
}

export interface Opening {
  /** ws://… */
  readonly url: string;
  readonly operations: readonly { readonly query: string; readonly variables?: object }[];
  readonly sockets: readonly SocketPlan[];
}

export type Order =
  /** Connects and subscribes them all. */
  | { readonly kind: 'open'; readonly opening: Opening }
  /** Forgets what arrived; events and messages are numbered from 0 again. */
  | { readonly kind: 'reset'; readonly messages: number }
  /** Answered when so many frames have arrived since the reset. */
  | { readonly kind: 'received'; readonly frames: number }
  | { readonly kind: 'collect' };

export interface Collected {
  /** Of each shared event: when the first and the last socket of this process had it (`machineMs`). */
  readonly first: readonly number[];
  readonly last: readonly number[];
  /** Of each own message of this process's users: when it arrived; 0 for those of other processes. */
  readonly arrived: Float64Array;
  readonly frames: number;
}

export interface Asked {
  readonly id: number;
  readonly order: Order;
}
export type Answered =
  | { readonly id: number; readonly collected?: Collected }
  | { readonly id: number; readonly error: string };
