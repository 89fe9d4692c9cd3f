/** Which Herald a command talks to, and with which credential. */
import { resolve } from 'node:path';
import { HeraldClient, type HeraldClientOptions } from '../../client/index.ts';
import { DEFAULT_PORTS } from '../../platform/config/roles.ts';
import type { Settings } from '../../platform/config/settings.ts';
import { dataFolderOwner } from '../../platform/data-services/data-folder-lock.ts';
import { readSecrets } from '../../platform/secrets/secrets.ts';
import { CommandFailure } from '../failure.ts';

/** Options that `send`, `tail` and `keys` have in common. */
export interface ConnectionFlags {
  readonly url?: string;
  readonly apiKey?: string;
}
export interface Connection {
  readonly url: string;
  readonly apiKey: string;
}

/**
 * The flags win, then HERALD_URL and HERALD_API_KEY, then the Herald that runs on the data folder, with its
 * operator key. That key is never sent to an address that somebody named.
 * @throws CommandFailure that says what to give.
 */
export async function findHerald(flags: ConnectionFlags, settings: Settings): Promise<Connection> {
  const named = flags.url ?? settings.HERALD_URL;
  if (named !== undefined && !/^https?:$/.test(URL.canParse(named) ? new URL(named).protocol : ''))
    throw new CommandFailure(`--url: ${named} is no http: or https: URL.`, 2);
  const givenKey = flags.apiKey ?? settings.HERALD_API_KEY;
  if (named !== undefined && givenKey !== undefined) return { url: named, apiKey: givenKey };

  const dataDir = resolve(settings.HERALD_DATA_DIR);
  const running = (await dataFolderOwner(dataDir))?.url;
  if (givenKey !== undefined)
    return { url: running ?? `http://127.0.0.1:${settings.PORT ?? DEFAULT_PORTS.gateway}`, apiKey: givenKey };
  if (named !== undefined && !isSame(named, running))
    throw new CommandFailure('Whose credential? Set HERALD_API_KEY, or give --api-key.', 2);
  if (running === undefined)
    throw new CommandFailure(
      `No Herald runs on ${settings.HERALD_DATA_DIR}. Start it with npm start, or name one: HERALD_URL and HERALD_API_KEY, or --url and --api-key.`,
    );
  const apiKey = settings.HERALD_ADMIN_KEY ?? (await readSecrets(dataDir)).HERALD_ADMIN_KEY;
  if (apiKey === undefined)
    throw new CommandFailure(
      'The data folder has no operator key. Set HERALD_API_KEY, or give --api-key.',
      2,
    );
  return { url: running, apiKey };
}

const isSame = (named: string, running: string | undefined): boolean =>
  running !== undefined && new URL(named).origin === new URL(running).origin;

/**
 * @param options `timeoutMs` for a command whose answer takes longer than the client usually waits.
 * @throws CommandFailure as `findHerald` does.
 */
export const connect = async (
  flags: ConnectionFlags,
  settings: Settings,
  options: Pick<HeraldClientOptions, 'timeoutMs'> = {},
): Promise<HeraldClient> => new HeraldClient({ ...(await findHerald(flags, settings)), ...options });
