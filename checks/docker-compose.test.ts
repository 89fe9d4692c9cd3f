/** The compose file cannot be run everywhere: it is read as an engine would, and each container's settings by the start code. */
import { createECDH } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { missingSettings } from '../cli/start/run-role.ts';
import { DEFAULT_PORTS, ROLES } from '../platform/config/roles.ts';
import { loadSettings } from '../platform/config/settings.ts';
import { SETTINGS } from '../platform/config/settings-table.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (name: string): Promise<string> => readFile(resolve(ROOT, name), 'utf8');

const serviceSchema = z.object({
  build: z.string().optional(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});
const composeSchema = z.object({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.null()),
});
type Service = z.infer<typeof serviceSchema>;

/** `${NAME:-default}` as compose fills it in when the environment has no NAME. */
const withDefaults = (value: string): string => value.replace(/\$\{([A-Z0-9_]+):-([^}]*)\}/g, '$2');

const SECRETS = Object.entries(SETTINGS)
  .filter(([, spec]) => 'shownDefault' in spec && spec.shownDefault === 'made at the first start')
  .map(([name]) => name);

describe('docker-compose.yml', () => {
  let services: Record<string, Service>;
  let volumes: string[];
  beforeAll(async () => {
    const compose = composeSchema.parse(parse(await read('docker-compose.yml'), { merge: true }));
    services = compose.services;
    volumes = Object.keys(compose.volumes);
  });
  const service = (name: string): Service => {
    const found = services[name];
    if (!found) throw new Error(`there is no service ${name}`);
    return found;
  };
  const environment = (name: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(service(name).environment ?? {}).map(([key, value]) => [key, withDefaults(value)]),
    );

  test('has one container per role, and the data services', () => {
    expect(Object.keys(services).toSorted()).toEqual([...ROLES, 'mailpit', 'mongo', 'redis'].toSorted());
  });

  describe.each(ROLES)('%s', (role) => {
    test('is started as itself', () => {
      expect(service(role).command).toEqual(['start', '--role', role]);
      expect(service(role).build).toBe('.');
    });

    test('has settings that exist and that the start code takes', () => {
      const env = environment(role);
      expect(Object.keys(env).filter((name) => !(name in SETTINGS))).toEqual([]);
      const settings = loadSettings(env);
      expect(missingSettings(role, settings)).toEqual([]);
      expect(settings.PORT).toBe(DEFAULT_PORTS[role]);
      expect(settings.HOST).toBe('0.0.0.0');
      expect(settings.MONGODB_URI).toMatch(/^mongodb:\/\/mongo:27017\/.*replicaSet=rs0/);
      expect(settings.REDIS_URL).toMatch(/^redis:\/\/redis:6379/);
      expect(settings).toMatchObject({ HERALD_DEMO: 'on', HERALD_SANDBOX: 'on' });
    });

    test('has every secret, each to be overridden', () => {
      expect(SECRETS.length).toBeGreaterThan(4);
      for (const name of SECRETS) expect(service(role).environment?.[name]).toMatch(`\${${name}:-`);
    });

    test('is healthy when /readyz answers 200', () => {
      const [kind, , , script] = service(role).healthcheck?.test ?? [];
      expect(kind).toBe('CMD');
      expect(script).toContain('/readyz');
      expect(script).toContain('process.env.PORT');
    });

    test('waits for the data services', () => {
      expect(Object.keys(service(role).depends_on ?? {})).toEqual(expect.arrayContaining(['mongo', 'redis']));
    });
  });

  test('the gateway finds every subgraph and waits for it', () => {
    const env = environment('gateway');
    for (const role of ['notifications', 'templates', 'users', 'analytics'] as const) {
      expect(env[`${role.toUpperCase()}_URL`]).toBe(`http://${role}:${environment(role).PORT}/graphql`);
      expect(service('gateway').depends_on).toHaveProperty(role);
    }
  });

  test('a container that others wait for has a health check', () => {
    const awaited = new Set(Object.values(services).flatMap((s) => Object.keys(s.depends_on ?? {})));
    expect([...awaited].filter((name) => !service(name).healthcheck)).toEqual([]);
  });

  test('MongoDB is a replica set, Redis keeps what it has and evicts nothing', () => {
    expect(service('mongo').command).toEqual(expect.arrayContaining(['--replSet', 'rs0']));
    expect(service('mongo').healthcheck?.test.at(-1)).toContain("_id: 'rs0'");
    const redis = service('redis').command?.join(' ');
    expect(redis).toContain('--appendonly yes');
    expect(redis).toContain('--maxmemory-policy noeviction');
    for (const name of ['mongo', 'redis'])
      expect(volumes).toContain(service(name).volumes?.[0]?.split(':')[0]);
  });

  test('e-mail goes to the mail catcher', () => {
    expect(environment('dispatcher').SMTP_URL).toBe('smtp://mailpit:1025');
  });

  test('trial secrets are reachable from this machine alone', () => {
    const published = Object.values(services).flatMap((s) => s.ports ?? []);
    expect(published.length).toBeGreaterThan(0);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('the trial VAPID keys belong together', () => {
    const { VAPID_PUBLIC_KEY = '', VAPID_PRIVATE_KEY = '' } = environment('dispatcher');
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(VAPID_PRIVATE_KEY, 'base64url');
    expect(curve.getPublicKey('base64url')).toBe(VAPID_PUBLIC_KEY);
  });
});

describe('Dockerfile', () => {
  let instructions: string[];
  beforeAll(async () => {
    instructions = (await read('Dockerfile')).replaceAll('\\\n', ' ').split('\n');
  });
  const instruction = (name: string): string =>
    instructions.findLast((line) => line.startsWith(`${name} `)) ?? '';

  test('runs the CLI that package.json names, on the Node that package.json pins', async () => {
    const manifest = z
      .object({ bin: z.object({ herald: z.string() }), dependencies: z.object({ node: z.string() }) })
      .parse(JSON.parse(await read('package.json')));
    expect(instruction('ENTRYPOINT')).toBe(
      `ENTRYPOINT ["node", "${manifest.bin.herald.replace(/^\.\//, '')}"]`,
    );
    const major = /(\d+)\./.exec(manifest.dependencies.node)?.[1];
    expect(instruction('FROM')).toBe(`FROM node:${major}-slim`);
  });

  test('runs without root, and asks /readyz', () => {
    expect(instruction('USER')).toBe('USER node');
    expect(instruction('HEALTHCHECK')).toContain('/readyz');
  });

  test('starts a role by default', () => {
    expect(JSON.parse(instruction('CMD').slice('CMD '.length))).toEqual(['start', '--role', ROLES[0]]);
  });
});
