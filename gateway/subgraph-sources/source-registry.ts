/** The sources of all subgraphs, by name; a new supergraph may bring others. */
import type { GraphQLDataSource } from '@apollo/gateway';
import type { SubgraphAt } from '../supergraph/read-supergraph.ts';
import { apolloDataSource } from './apollo-data-source.ts';
import type { SubgraphSource } from './subgraph-source.ts';

/** What a plan of the last supergraph still needs is there for so long. */
const LET_GO_AFTER_MS = 60_000;

interface Connected {
  readonly url: string;
  readonly source: SubgraphSource;
}

export class SourceRegistry {
  readonly #connect: (subgraph: SubgraphAt) => SubgraphSource;
  #connected: ReadonlyMap<string, Connected> = new Map();
  #dataSources: Readonly<Record<string, GraphQLDataSource>> = {};
  /** No longer asked, not closed yet. */
  readonly #leaving = new Map<SubgraphSource, NodeJS.Timeout>();

  constructor(connect: (subgraph: SubgraphAt) => SubgraphSource) {
    this.#connect = connect;
  }

  /** Those of the supergraph from now on. One that is where it was stays as it is. */
  use(subgraphs: readonly SubgraphAt[]): void {
    const before = this.#connected;
    this.#connected = new Map(
      subgraphs.map((subgraph) => {
        const known = before.get(subgraph.name);
        const same = known && known.url === subgraph.url;
        return [subgraph.name, same ? known : { url: subgraph.url, source: this.#connect(subgraph) }];
      }),
    );
    this.#dataSources = Object.fromEntries(this.all.map((source) => [source.name, apolloDataSource(source)]));
    for (const [name, { source }] of before) {
      if (this.#connected.get(name)?.source === source) continue;
      const timer = setTimeout(() => {
        this.#leaving.delete(source);
        void source.close();
      }, LET_GO_AFTER_MS);
      timer.unref();
      this.#leaving.set(source, timer);
    }
  }

  has(name: string): boolean {
    return this.#connected.has(name);
  }

  /** @throws Error when the supergraph has no such subgraph. */
  get(name: string): SubgraphSource {
    const connected = this.#connected.get(name);
    if (!connected) throw new Error(`there is no subgraph ${name}`);
    return connected.source;
  }

  /** All of them for @apollo/gateway's query plan executor; another object after `use`. */
  get dataSources(): Readonly<Record<string, GraphQLDataSource>> {
    return this.#dataSources;
  }

  get all(): readonly SubgraphSource[] {
    return [...this.#connected.values()].map(({ source }) => source);
  }

  async close(): Promise<void> {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    await Promise.all([...this.all, ...this.#leaving.keys()].map((source) => source.close()));
  }
}
