/** What a supergraph says of its subgraphs. */

import { Supergraph } from '@apollo/federation-internals';
import { SettingsError } from '../../platform/config/settings.ts';
import { messageOf } from '../../platform/errors/message-of.ts';

export interface SubgraphAt {
  readonly name: string;
  /** Where the supergraph says it is; may be empty or no URL at all, when only a setting says where. */
  readonly url: string;
}

export interface ReadSupergraph {
  readonly subgraphs: readonly SubgraphAt[];
  /** Herald's own users subgraph is in it, which knows the callers' keys. */
  readonly isHeralds: boolean;
}

/** @throws SettingsError that says what is wrong. */
export function readSupergraph(sdl: string): ReadSupergraph {
  try {
    const subgraphs = Supergraph.build(sdl, { validateSupergraph: true }).subgraphs();
    const users = subgraphs.get('users')?.schema.schemaDefinition.rootType('query');
    return {
      subgraphs: subgraphs.values().map(({ name, url }) => ({ name, url })),
      isHeralds: users?.field('principalByKeyHash') !== undefined,
    };
  } catch (error) {
    throw new SettingsError([
      `--supergraph: this is no Federation 2 supergraph (compose one with \`rover supergraph compose\`): ${messageOf(error)}`,
    ]);
  }
}
