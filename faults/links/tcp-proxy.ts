/**
 * A TCP link that can fail: it stands between a process and a service and passes bytes on, late, or not at all.
 * What it holds back it has read already, so that neither side notices anything but silence.
 */
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { LOOPBACK } from '../../platform/data-services/free-port.ts';

/** What becomes of bytes that were held back when a black hole ends. */
export type HeldBytes =
  /** They arrive, late: as after a partition, when TCP sends them again. */
  | 'arrive'
  /** Their connections are reset: as when a firewall in between has forgotten them. */
  | 'lost';

export interface LinkProxy {
  /** Where it listens, on loopback. Stays the same. */
  readonly port: number;
  /** Connections that are open through it. */
  readonly connections: number;
  /** Resets all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Accepts and swallows, on the connections that are open, too: no byte, no FIN and no RST gets through. */
  blackHole(): void;
  /** Each byte takes this long, in either direction. */
  delay(ms: number): void;
  /** As if nothing had been. Default: held bytes arrive. */
  restore(held?: HeldBytes): Promise<void>;
  /** For good. */
  close(): Promise<void>;
}

type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly at: number }
  | { readonly kind: 'end' | 'reset'; readonly at: number };

/** What all directions of a link obey. */
interface Weather {
  held: boolean;
  delayMs: number;
}

/** One direction of a connection: pieces in order, each let through when its time has come. */
class Direction {
  readonly #to: Socket;
  readonly #weather: Weather;
  readonly #pieces: Piece[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, weather: Weather) {
    this.#to = to;
    this.#weather = weather;
    const add = (piece: Piece) => {
      this.#pieces.push(piece);
      this.flow();
    };
    from.on('data', (bytes: Buffer) => add({ kind: 'bytes', bytes, at: Date.now() }));
    from.on('end', () => add({ kind: 'end', at: Date.now() }));
    // An error is followed by 'close'; what it means for the other side is a reset.
    from.on('error', () => add({ kind: 'reset', at: Date.now() }));
  }

  /** Lets through what may go now, and comes back for the rest. */
  flow(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const [piece] = this.#pieces;
      if (!piece || this.#weather.held) return;
      const waitMs = piece.at + this.#weather.delayMs - Date.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.flow(), waitMs);
        return;
      }
      this.#pieces.shift();
      if (this.#to.destroyed) continue;
      if (piece.kind === 'bytes') this.#to.write(piece.bytes);
      else if (piece.kind === 'end') this.#to.end();
      else this.#to.resetAndDestroy();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#pieces.length = 0;
  }
}

interface Pair {
  readonly sides: readonly [Socket, Socket];
  readonly directions: readonly [Direction, Direction];
}

/** Starts a link to a port of this machine. */
export async function startProxy(targetPort: number): Promise<LinkProxy> {
  const weather: Weather = { held: false, delayMs: 0 };
  const pairs = new Set<Pair>();
  let touched = new WeakSet<Pair>();
  let server: Server | undefined;
  let port = 0;

  const accept = (client: Socket) => {
    const target = connectTo({ port: targetPort, host: LOOPBACK, noDelay: true, allowHalfOpen: true });
    client.setNoDelay(true);
    const pair: Pair = {
      sides: [client, target],
      directions: [new Direction(client, target, weather), new Direction(target, client, weather)],
    };
    pairs.add(pair);
    if (weather.held) touched.add(pair);
    const ended = () => {
      if (!client.destroyed || !target.destroyed) return;
      for (const direction of pair.directions) direction.stop();
      pairs.delete(pair);
    };
    client.once('close', ended);
    target.once('close', ended);
  };
  const listen = async () => {
    if (server) return;
    const listening = createServer({ allowHalfOpen: true, noDelay: true }, accept);
    server = listening;
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject);
      listening.listen(port, LOOPBACK, resolve);
    });
    const address = listening.address();
    if (typeof address === 'object' && address !== null) port = address.port;
  };
  const reset = (which: (pair: Pair) => boolean) => {
    for (const pair of [...pairs].filter(which)) for (const side of pair.sides) side.resetAndDestroy();
  };
  const refuse = async () => {
    const listening = server;
    server = undefined;
    const closed = listening && new Promise<void>((resolve) => listening.close(() => resolve()));
    reset(() => true);
    await closed;
  };

  await listen();
  return {
    get port() {
      return port;
    },
    get connections() {
      return pairs.size;
    },
    cut: refuse,
    blackHole() {
      weather.held = true;
      for (const pair of pairs) touched.add(pair);
    },
    delay(ms) {
      weather.delayMs = ms;
    },
    async restore(held = 'arrive') {
      weather.held = false;
      weather.delayMs = 0;
      if (held === 'lost') reset((pair) => touched.has(pair));
      touched = new WeakSet();
      for (const pair of pairs) for (const direction of pair.directions) direction.flow();
      await listen();
    },
    close: refuse,
  };
}
