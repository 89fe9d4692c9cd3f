/** A supergraph in a file (`--supergraph`), as `rover supergraph compose` writes it; read again when it changes. */
import { readFile } from 'node:fs/promises';
import { SettingsError } from '../../platform/config/settings.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { SupergraphSource } from './supergraph-source.ts';

const LOOK_EVERY_MS = 1_000;

/**
 * The file is read each second, whatever replaced it: a notice of the file system is not given everywhere (network
 * file systems, Kubernetes' mounted ConfigMaps). A file that is gone or cannot be read is logged once; what was read
 * last goes on.
 */
export function supergraphFile(
  path: string,
  log: Logger,
  options: { readonly everyMs?: number } = {},
): SupergraphSource {
  let last = '';
  return {
    async load() {
      try {
        last = await readFile(path, 'utf8');
        return last;
      } catch (error) {
        throw new SettingsError([`--supergraph: ${path} cannot be read: ${messageOf(error)}`]);
      }
    },
    watch(onChange) {
      let failing = false;
      let looking: Promise<void> | undefined;
      const look = async () => {
        try {
          const sdl = await readFile(path, 'utf8');
          failing = false;
          if (sdl === last) return;
          last = sdl;
          onChange(sdl);
        } catch (error) {
          if (!failing)
            log.error({ err: error, path }, 'supergraph: the file cannot be read; the last one stays');
          failing = true;
        }
      };
      const timer = setInterval(() => {
        looking ??= look().finally(() => {
          looking = undefined;
        });
      }, options.everyMs ?? LOOK_EVERY_MS);
      timer.unref();
      return async () => {
        clearInterval(timer);
        await looking;
      };
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
