/** Groups that are not empty, each with a member that shows it: as long as that one has not changed, it holds. */
import { LRUCache } from 'lru-cache';

export class GroupMembers {
  readonly #memberOf: LRUCache<string, string>;
  /** By member: the groups that it stands for. */
  readonly #groupsOf = new Map<string, Set<string>>();

  constructor(maxGroups: number, maxAgeMs: number) {
    this.#memberOf = new LRUCache<string, string>({
      maxSize: maxGroups,
      sizeCalculation: () => 1,
      ttl: maxAgeMs,
      ttlResolution: 1_000,
      dispose: (member, group) => this.#unlink(member, group),
    });
  }

  has(group: string): boolean {
    return this.#memberOf.get(group) !== undefined;
  }

  set(group: string, member: string): void {
    this.#memberOf.set(group, member);
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
