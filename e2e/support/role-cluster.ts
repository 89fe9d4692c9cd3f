/** Every role as processes of their own, some of them several times, on the tests' data services. */
import { randomBytes } from 'node:crypto';
import webPush from 'web-push';
import type { Role } from '../../platform/config/roles.ts';
import { freePort } from '../../platform/data-services/free-port.ts';
import type { FreshDatabase } from '../../testing/fresh.ts';
import { HeraldProcess, isReady } from './herald-process.ts';

/** Who calls before who is called: the order in which they are stopped. */
export const ROLES = [
  'gateway',
  'scheduler',
  'dispatcher',
  'analytics',
  'notifications',
  'templates',
  'users',
] as const satisfies Role[];

/** A dozen processes at once, on a machine that does other things too. */
const START_MS = 220_000;

export interface RoleInstance {
  readonly role: Role;
  readonly process: HeraldProcess;
  readonly url: string;
}

export class RoleCluster {
  readonly operatorKey = `ho_${randomBytes(32).toString('base64url')}`;
  readonly gatewaySecret = randomBytes(32).toString('base64url');
  readonly jwtSecret = randomBytes(48).toString('base64url');
  readonly #database: FreshDatabase;
  readonly #counts: Readonly<Partial<Record<Role, number>>>;
  #instances: readonly RoleInstance[] = [];

  /** @param counts how many of a role there are; one without. */
  constructor(database: FreshDatabase, counts: Readonly<Partial<Record<Role, number>>> = {}) {
    this.#database = database;
    this.#counts = counts;
  }

  get instances(): readonly RoleInstance[] {
    return this.#instances;
  }

  /** @throws Error when there is none. */
  of(role: Role, index = 0): RoleInstance {
    const instance = this.#instances.filter((one) => one.role === role)[index];
    if (!instance) throw new Error(`there is no ${role} ${index}`);
    return instance;
  }

  /** Resolves when all take work. */
  async start(): Promise<void> {
    const roles = ROLES.flatMap((role) => Array<Role>(this.#counts[role] ?? 1).fill(role));
    const ports: number[] = [];
    for (const _ of roles) ports.push(await freePort());
    const vapid = webPush.generateVAPIDKeys();
    const settings = {
      MONGODB_URI: this.#database.mongodbUri,
      REDIS_URL: this.#database.redisUrl,
      HERALD_NAMESPACE: this.#database.namespace,
      HERALD_ADMIN_KEY: this.operatorKey,
      HERALD_JWT_SECRET: this.jwtSecret,
      HERALD_GATEWAY_SECRET: this.gatewaySecret,
      HERALD_SECRET_KEY: randomBytes(32).toString('base64url'),
      VAPID_PUBLIC_KEY: vapid.publicKey,
      VAPID_PRIVATE_KEY: vapid.privateKey,
      WEBHOOK_SIGNING_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
      HERALD_SANDBOX: 'on',
    };
    const urlsOf = (of: Role) =>
      roles.flatMap((role, index) => (role === of ? `http://127.0.0.1:${ports[index]}` : []));
    // The second gateway calls the second of each subgraph, where there are two.
    const subgraphUrls = (nth: number) =>
      Object.fromEntries(
        (['notifications', 'templates', 'users', 'analytics'] as const).map((role) => {
          const urls = urlsOf(role);
          return [`${role.toUpperCase()}_URL`, `${urls[nth % urls.length]}/graphql`];
        }),
      );
    this.#instances = roles.map((role, index) => {
      const url = `http://127.0.0.1:${ports[index]}`;
      const own = { PORT: String(ports[index]), ...subgraphUrls(urlsOf(role).indexOf(url)) };
      return { role, process: new HeraldProcess(['start', '--role', role], { ...settings, ...own }), url };
    });
    await Promise.all(
      this.#instances.map(({ role, process, url }) =>
        process.until(role, async () => ((await isReady(url)) ? true : undefined), START_MS),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#instances.map(({ process }) => process.stop()));
  }
}
