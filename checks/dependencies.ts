/** What must hold of the packages that are installed, as pure functions over package.json and package-lock.json. */
import { z } from 'zod';

const lockEntrySchema = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  hasInstallScript: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
export const lockSchema = z.object({ packages: z.record(z.string(), lockEntrySchema) });
export type Lock = z.infer<typeof lockSchema>;

export const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  allowScripts: z.record(z.string(), z.boolean()),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Least versions: each below has a defect that Herald would meet. */
export const FLOORS: Readonly<Record<string, string>> = {
  '@apollo/gateway': '2.13.2',
  '@apollo/server': '5.5.0',
  bullmq: '6.3.3', // older workers stay dead after a Redis reconnect
  handlebars: '4.7.10',
  mongoose: '9.9.2',
  nodemailer: '10.0.5',
  ws: '8.21.0',
};

/** Packages that must be installed once and in one major version, because copies refuse each other's objects. */
export const MAJORS: Readonly<Record<string, number>> = { graphql: 16 };

/** Negative, zero or positive, as `a` is before, equal to or after `b`; versions are `1.2.3`, ranges `^1.2.3` or `~1.2`. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  // 1.2.3-beta comes before 1.2.3
  return Number(b.includes('-')) - Number(a.includes('-'));
}
const parts = (version: string): number[] =>
  version
    .replace(/^[~^>=v]+/, '')
    .replace(/-.*$/, '')
    .split('.')
    .map(Number);

const copies = (lock: Lock, name: string): { path: string; version: string }[] =>
  Object.entries(lock.packages)
    .filter(([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`))
    .map(([path, entry]) => ({ path, version: entry.version ?? '0.0.0' }));

/** One sentence for each package that is missing or too old, in the lockfile or in package.json's range. */
export function dependencyProblems(manifest: Manifest, lock: Lock): string[] {
  const ranges = { ...manifest.devDependencies, ...manifest.dependencies };
  const floors = Object.entries(FLOORS).flatMap(([name, floor]) => {
    const installed = copies(lock, name);
    const range = ranges[name];
    return [
      ...(installed.length === 0 ? [`${name} is not in the lockfile`] : []),
      ...installed
        .filter(({ version }) => compareVersions(version, floor) < 0)
        .map(({ path, version }) => `${path} is ${version}, below ${floor}`),
      ...(range !== undefined && compareVersions(range, floor) < 0
        ? [`package.json allows ${name} ${range}, below ${floor}`]
        : []),
    ];
  });
  const majors = Object.entries(MAJORS).flatMap(([name, major]) => {
    const installed = copies(lock, name);
    return installed.length === 1 && installed.every(({ version }) => parts(version)[0] === major)
      ? []
      : [
          `${name} must be there once, as ${major}.x: ${installed.map((c) => `${c.path} ${c.version}`).join(', ')}`,
        ];
  });
  return [...floors, ...majors];
}

/** Lockfile entries that record where a package came from: everybody installs from the registry that npm is set to. */
export const recordedAddresses = (lock: Lock): string[] =>
  Object.entries(lock.packages)
    .filter(([, { resolved }]) => resolved !== undefined)
    .map(([path, { resolved }]) => `${path}: ${resolved}`);

/**
 * Optional packages (those of other platforms) without an entry: `npm ci` refuses such a lockfile, and a lockfile
 * made against a registry that lacks them has none.
 */
export function missingOptionalPackages(lock: Lock): string[] {
  return Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(
        (name) => !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in lock.packages),
      )
      .map((name) => `${name}, of ${path}`),
  );
}

/** Where Node looks for a package that is needed at `path`: itself and the folders above, each ending in a slash. */
function foldersAbove(path: string): string[] {
  const nested = path.split(/(?<=^|\/)(?=node_modules\/)/).filter(Boolean);
  return Array.from({ length: nested.length + 1 }, (_, depth) => {
    const folder = nested.slice(0, depth).join('');
    return folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  });
}
