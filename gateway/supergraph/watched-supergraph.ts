/** A supergraph that is read again and again: from a file, or from the subgraphs themselves. */
import { SettingsError } from '../../platform/config/settings.ts';
import { messageOf } from '../../platform/errors/message-of.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { SupergraphSource } from './supergraph-source.ts';

export interface Watched {
  /** The supergraph as it is now, as SDL. */
  read(): Promise<string>;
  /** What begins the sentence of a supergraph that cannot be read at the start: `--supergraph: …`. */
  readonly option: string;
  readonly everyMs: number;
  readonly log: Logger;
}

/** One that cannot be read any more is logged, each reason once in a row; the one that was read last goes on. */
export function watchedSupergraph({ read, option, everyMs, log }: Watched): SupergraphSource {
  let last = '';
  return {
    async load() {
      try {
        last = await read();
        return last;
      } catch (error) {
        throw new SettingsError([`${option}: ${messageOf(error)}`]);
      }
    },
    watch(onChange) {
      let said = '';
      let looking: Promise<void> | undefined;
      const look = async () => {
        try {
          const sdl = await read();
          said = '';
          if (sdl === last) return;
          last = sdl;
          onChange(sdl);
        } catch (error) {
          const message = messageOf(error);
          if (message !== said)
            log.error({ err: error, option }, 'supergraph: not read again; the last one stays');
          said = message;
        }
      };
      const timer = setInterval(() => {
        looking ??= look().finally(() => {
          looking = undefined;
        });
      }, everyMs);
      timer.unref();
      return async () => {
        clearInterval(timer);
        await looking;
      };
    },
  };
}
