/** One process whose clock is an hour ahead, or an hour behind: libfaketime. */
import { access, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoleName } from '../cluster/cluster.ts';
import type { Scenario } from '../scenario.ts';

/** Where Debian and Ubuntu put it (package faketime). */
const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`,
);

async function library(): Promise<string | undefined> {
  for (const path of LIBRARIES)
    try {
      await access(path);
      return path;
    } catch {
      // The next.
    }
  return undefined;
}

const missing = async (): Promise<string | undefined> =>
  (await library()) === undefined ? 'libfaketime is not installed (apt-get install faketime)' : undefined;

/** Read by the library once a second: the clock of a running process moves with it. */
const offsetFile = (name: string): string => join(tmpdir(), `herald-faults-${process.pid}-${name}`);

const WRONG_MS = 6_000;

/** By how many seconds a process's clock is ahead, by the date that it puts on its answers. */
async function clockOffset(url: string): Promise<number> {
  const response = await fetch(`${url}/healthz`);
  await response.body?.cancel();
  return Math.round((Date.parse(response.headers.get('date') ?? '') - Date.now()) / 1000);
}

function clockOf(role: RoleName, hours: 1 | -1): Scenario {
  const direction = hours > 0 ? 'ahead' : 'behind';
  const name = `clock-${role}-${direction}`;
  const set = (offset: string) => writeFile(offsetFile(name), `${offset}\n`);
  let path = '';
  return {
    name,
    title: `Clock of one ${role}: 1 h ${direction} for ${WRONG_MS / 1000} s, then right again`,
    missing,
    prepare: async () => {
      path = (await library()) ?? '';
      await set('+0');
      return undefined;
    },
    env: (of, index): Readonly<Record<string, string>> =>
      of === role && index === 0
        ? {
            LD_PRELOAD: path,
            FAKETIME_TIMESTAMP_FILE: offsetFile(name),
            FAKETIME_CACHE_DURATION: '1',
            // Timers go on as they are: it is the calendar that is wrong.
            DONT_FAKE_MONOTONIC: '1',
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
            FAKETIME_FORCE_MONOTONIC_FIX: '0',
          }
        : {},
    duplicatesAllowed: 0,
    fault: async ({ cluster, pause }) => {
      await set(hours > 0 ? '+3600' : '-3600');
      await pause(WRONG_MS);
      const off = await clockOffset(cluster.the(role, 0).url);
      await pause(1_000);
      await set('+0');
      await pause(1_000);
      // Otherwise nothing was proved.
      return {
        problems: Math.abs(off - hours * 3600) < 10 ? [] : [`its clock was ${off} s off, not ${hours} h`],
      };
    },
    cleanUp: () => rm(offsetFile(name), { force: true }),
  };
}

export const scenarios: readonly Scenario[] = (['gateway', 'dispatcher', 'scheduler'] as const).flatMap(
  (role) => [clockOf(role, 1), clockOf(role, -1)],
);
