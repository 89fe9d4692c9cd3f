/** Groups that are not empty, each with a member that shows it: as long as that one has not changed, it holds. */
import { LRUCache } from 'lru-cache';

export class GroupMembers {
  readonly #memberOf: LRUCache<string, string>;
  /** By member: the groups that it stands for. */
  readonly #groupsOf = new Map<string, Set<string>>();
  /** Who stood for a group the last time: most likely still in it. */
  readonly #lastOf: LRUCache<string, string>;

  constructor(maxGroups: number, maxAgeMs: number) {
    this.#memberOf = new LRUCache<string, string>({
      maxSize: maxGroups,
      sizeCalculation: () => 1,
      ttl: maxAgeMs,
      ttlResolution: 1_000,
      dispose: (member, group) => this.#unlink(member, group),
    });
    this.#lastOf = new LRUCache<string, string>({ maxSize: maxGroups, sizeCalculation: () => 1 });
  }

  has(group: string): boolean {
    return this.#memberOf.get(group) !== undefined;
  }

  /** Whom to ask for first. */
  last(group: string): string | undefined {
    return this.#lastOf.get(group);
  }

  set(group: string, member: string): void {
    this.#memberOf.set(group, member);
    this.#lastOf.set(group, member);
    const groups = this.#groupsOf.get(member);
    if (groups) groups.add(group);
    else this.#groupsOf.set(member, new Set([group]));
  }

  forgetMember(member: string): void {
    for (const group of this.#groupsOf.get(member) ?? []) this.#memberOf.delete(group);
  }

  clear(): void {
    this.#memberOf.clear();
  }

  #unlink(member: string, group: string): void {
    const groups = this.#groupsOf.get(member);
    groups?.delete(group);
    if (groups?.size === 0) this.#groupsOf.delete(member);
  }
}
