/** A supergraph in a file (`--supergraph`), as `rover supergraph compose` writes it; read again when it changes. */
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../platform/errors/message-of.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { SupergraphSource } from './supergraph-source.ts';
import { watchedSupergraph } from './watched-supergraph.ts';

const LOOK_EVERY_MS = 1_000;

/**
 * The file is read each second, whatever replaced it: a notice of the file system is not given everywhere (network
 * file systems, Kubernetes' mounted ConfigMaps).
 */
export const supergraphFile = (
  path: string,
  log: Logger,
  { everyMs = LOOK_EVERY_MS }: { readonly everyMs?: number } = {},
): SupergraphSource =>
  watchedSupergraph({
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        throw new Error(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
      }
    },
    option: '--supergraph',
    everyMs,
    log,
  });
