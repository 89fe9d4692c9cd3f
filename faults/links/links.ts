/** A link for each role and data service, and all roles' links to one service as one. */
import type { RoleName } from '../cluster/role-instance.ts';
import type { Link } from '../scenario.ts';
import { type LinkProxy, startProxy } from './tcp-proxy.ts';

export const ROLE_NAMES = ['gateway', 'dispatcher', 'scheduler'] as const satisfies RoleName[];

export type Links = Readonly<Record<Link, LinkProxy>>;

/** @param ports of the services. */
export async function startLinks(ports: { readonly mongo: number; readonly redis: number }): Promise<Links> {
  const links: Partial<Record<Link, LinkProxy>> = {};
  for (const service of ['mongo', 'redis'] as const) {
    const own: LinkProxy[] = [];
    for (const role of ROLE_NAMES) {
      const link = await startProxy(ports[service]);
      links[`${role}-${service}`] = link;
      own.push(link);
    }
    links[service] = together(own, ports[service]);
  }
  return links as Links;
}

export async function closeLinks(links: Links): Promise<void> {
  await Promise.all(Object.values(links).map((link) => link.close()));
}

const together = (links: readonly LinkProxy[], port: number): LinkProxy => ({
  port,
  get connections() {
    return links.reduce((sum, link) => sum + link.connections, 0);
  },
  cut: async () => void (await Promise.all(links.map((link) => link.cut()))),
  blackHole: () => {
    for (const link of links) link.blackHole();
  },
  delay: (ms) => {
    for (const link of links) link.delay(ms);
  },
  restore: async (held) => void (await Promise.all(links.map((link) => link.restore(held)))),
  close: async () => void (await Promise.all(links.map((link) => link.close()))),
});
