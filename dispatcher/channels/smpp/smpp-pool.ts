/** Bound connections to an SMSC, with a window of requests on each. */
import type smppLibrary from 'smpp';
import type { PDU, Session } from 'smpp';
import { inTime } from '../network/in-time.ts';

export interface SmppSettings {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly systemId: string;
  readonly password: string;
  readonly systemType: string;
  /** Connections. */
  readonly binds: number;
  /** Most requests without an answer on each. */
  readonly window: number;
}

/** Why there is no answer to a request, or no connection for one. */
export class SmppError extends Error {
  readonly why: 'refused' | 'lost' | 'malformed' | 'closed';
  /** Of a refused bind. */
  readonly status: number;
  /** Of the system, for a connection that was lost or never made. */
  readonly code: string;
  constructor(why: SmppError['why'], { status = 0, code = 'closed' } = {}) {
    super(`the connection to the SMSC was ${why}`);
    this.why = why;
    this.status = status;
    this.code = code;
  }
}

export interface SmppPool {
  /**
   * One request and its answer, which may be a refusal.
   * @param onLeft called when the request was handed to the connection.
   * @throws SmppError, or the signal's reason.
   */
  ask(
    command: 'submit_sm' | 'enquire_link',
    fields: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    onLeft?: () => void,
  ): Promise<PDU>;
  close(): Promise<void>;
}

/** What a `deliver_sm` is answered with (`command_status`), when it is decided. Never throws. */
export type OnDelivery = (pdu: PDU) => Promise<number>;

/** Connecting and binding together. */
const BIND_MS = 10_000;
/** A connection is asked so often whether it lives, and given up when it does not say so in time. */
const LIFE_SIGNS = { everyMs: 30_000, answerMs: 10_000 };
const UNBIND_MS = 500;

/** @param lifeSigns other times for tests. */
export function createSmppPool(
  library: Pick<typeof smppLibrary, 'connect'>,
  settings: SmppSettings,
  onDelivery: OnDelivery,
  lifeSigns = LIFE_SIGNS,
): SmppPool {
  const binds = Array.from({ length: settings.binds }, () =>
    createBind(library, settings, onDelivery, lifeSigns),
  );
  const underWay = binds.map(() => 0);
  const waiting: (() => void)[] = [];
  let closed = false;

  /** The index of a connection with room in its window; one place of it is taken. */
  async function takePlace(signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      const least = underWay.indexOf(Math.min(...underWay));
      const busy = underWay[least] ?? 0;
      if (busy < settings.window) {
        underWay[least] = busy + 1;
        return least;
      }
      await new Promise<void>((resolve, reject) => {
        const go = () => {
          signal.removeEventListener('abort', stop);
          resolve();
        };
        const stop = () => {
          waiting.splice(waiting.indexOf(go), 1);
          reject(signal.reason);
        };
        waiting.push(go);
        signal.addEventListener('abort', stop, { once: true });
      });
    }
  }

  return {
    async ask(command, fields, signal, onLeft = () => undefined) {
      const index = await takePlace(signal);
      try {
        const bind = binds[index];
        if (closed || !bind) throw new SmppError('closed');
        return await bind.ask(command, fields, signal, onLeft);
      } finally {
        underWay[index] = (underWay[index] ?? 1) - 1;
        waiting.shift()?.();
      }
    },
    async close() {
      closed = true;
      await Promise.all(binds.map((bind) => bind.close()));
    },
  };
}

/** One connection, made and bound when it is first needed, and again after it was lost. */
function createBind(
  library: Pick<typeof smppLibrary, 'connect'>,
  { host, port, tls, systemId, password, systemType }: SmppSettings,
  onDelivery: OnDelivery,
  lifeSigns: typeof LIFE_SIGNS,
): Pick<Required<SmppPool>, 'ask' | 'close'> {
  let bound: Promise<Session> | undefined;
  let live: Session | undefined;
  /** Those who wait for an answer: told when it cannot come any more. */
  const hopeful = new Set<(error: SmppError) => void>();

  const connect = (): Promise<Session> =>
    new Promise((resolve, reject) => {
      const session = library.connect({
        host,
        port,
        // The library would take any certificate.
        ...(tls && { tls, rejectUnauthorized: true }),
      });
      live = session;
      let error: SmppError | undefined;
      let enquiring: NodeJS.Timeout | undefined;
      const giveUp = setTimeout(() => {
        error ??= new SmppError('lost', { code: 'ETIMEDOUT' });
        session.destroy();
      }, BIND_MS);
      let dead: NodeJS.Timeout | undefined;
      const enquire = () => {
        dead ??= setTimeout(() => {
          error ??= new SmppError('lost', { code: 'ETIMEDOUT' });
          session.destroy();
        }, lifeSigns.answerMs);
        session.enquire_link({}, () => {
          clearTimeout(dead);
          dead = undefined;
        });
      };
      const answer = (pdu: PDU) => void session.send(pdu.response());
      session.on('error', (thrown: Error) => {
        error ??= errorOf(thrown);
        session.destroy();
      });
      session.on('close', () => {
        clearTimeout(giveUp);
        clearInterval(enquiring);
        clearTimeout(dead);
        bound = undefined;
        live = undefined;
        const lost = error ?? new SmppError('lost');
        reject(lost);
        for (const lose of [...hopeful]) lose(lost);
      });
      session.on('enquire_link', answer);
      session.on('unknown', answer);
      session.on('deliver_sm', (pdu: PDU) => {
        void onDelivery(pdu).then((status) => session.send(pdu.response({ command_status: status })));
      });
      session.on('unbind', (pdu: PDU) => {
        answer(pdu);
        session.close();
      });
      session.on(tls ? 'secureConnect' : 'connect', () =>
        session.bind_transceiver(
          { system_id: systemId, password, system_type: systemType, interface_version: 0x34 },
          ({ command_status: status }) => {
            if (status !== 0) {
              error ??= new SmppError('refused', { status });
              session.destroy();
              return;
            }
            clearTimeout(giveUp);
            enquiring = setInterval(enquire, lifeSigns.everyMs);
            enquiring.unref();
            resolve(session);
          },
        ),
      );
    });

  return {
    async ask(command, fields, signal, onLeft) {
      bound ??= connect();
      const session = await inTime(bound, signal);
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const done = () => {
          hopeful.delete(lose);
          signal.removeEventListener('abort', stop);
        };
        const lose = (error: SmppError) => {
          done();
          reject(error);
        };
        const stop = () => {
          done();
          reject(signal.reason);
        };
        hopeful.add(lose);
        signal.addEventListener('abort', stop, { once: true });
        const written = session[command](fields, (pdu) => {
          done();
          resolve(pdu);
        });
        if (written) onLeft?.();
        else lose(new SmppError('lost'));
      });
    },
    async close() {
      const session = live;
      if (!session) return;
      await new Promise<void>((resolve) => {
        const late = setTimeout(() => session.destroy(), UNBIND_MS);
        session.once('close', () => {
          clearTimeout(late);
          resolve();
        });
        if (!session.unbind({}, () => session.destroy())) session.destroy();
      });
    },
  };
}

/** Errors of the connection have a code of the system; those of the protocol have none, or one of reading a buffer. */
function errorOf(thrown: Error): SmppError {
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  return code === undefined || thrown instanceof RangeError
    ? new SmppError('malformed')
    : new SmppError('lost', { code });
}
