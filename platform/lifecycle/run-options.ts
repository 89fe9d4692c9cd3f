/** How a role's entry is run: alone, or as a part of `npm start`. */
export interface RunOptions {
  /** `all`: the gateway runs the subgraphs in its process, the dispatcher the scheduler. */
  readonly mode: 'single' | 'all';
  /** Of a gateway alone: it serves this supergraph in place of Herald's own. */
  readonly supergraph?: SupergraphFlags;
}

/** `herald start --role gateway --supergraph FILE | --subgraph name=url… [--auth none]`. */
export interface SupergraphFlags {
  /** A file, or the subgraphs that it is composed from here. */
  readonly from: { readonly file: string } | { readonly subgraphs: readonly NamedUrl[] };
  readonly auth: 'herald' | 'none';
}

/** A subgraph and the URL of its GraphQL endpoint. */
export interface NamedUrl {
  readonly name: string;
  readonly url: string;
}

/** Whether something that is `auto` is on: it is for `npm start`, and is not for a single role. */
export const isOn = (setting: 'auto' | 'on' | 'off', { mode }: RunOptions): boolean =>
  setting === 'on' || (setting === 'auto' && mode === 'all');
