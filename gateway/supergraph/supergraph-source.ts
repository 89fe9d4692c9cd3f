/** Where the supergraph comes from, and how a newer one takes its place. */

export interface SupergraphSource {
  /** The supergraph to begin with, as SDL. @throws SettingsError that says why there is none. */
  load(): Promise<string>;
  /**
   * Calls `onChange` with each newer one; one that cannot be used is the listener's to refuse. @returns stops that.
   */
  watch?(onChange: (sdl: string) => void): () => Promise<void>;
}

/** One that never changes: composed from Herald's own subgraphs. */
export const fixedSupergraph = (sdl: string): SupergraphSource => ({ load: async () => sdl });
