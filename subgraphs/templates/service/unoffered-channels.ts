/** Channels that a route asks for and its templates have no words for: what is planned there is skipped. Pure. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { RouteBody } from '../contract.ts';

export interface UnofferedChannel {
  /** Within the route: `actions.0.channels.1`. */
  readonly field: string;
  readonly message: string;
}

/** @param offered by a template; undefined where it is not there, which is told elsewhere. */
export const unofferedChannels = (
  { actions }: Pick<RouteBody, 'actions'>,
  offered: (template: string) => readonly Channel[] | undefined,
): UnofferedChannel[] =>
  actions.flatMap(({ template, channels, fallback = [], recipients }, action) => {
    const known = offered(template);
    if (!known) return [];
    const asked: (readonly [at: string, channel: Channel])[] = [
      ...channels.map((channel, index) => [`channels.${index}`, channel] as const),
      ...fallback.flatMap((step, index) =>
        step.channels.map((channel, place) => [`fallback.${index}.channels.${place}`, channel] as const),
      ),
      ...recipients.flatMap(({ channel }, index) =>
        channel === undefined ? [] : [[`recipients.${index}.channel`, channel] as const],
      ),
    ];
    return asked
      .filter(([, channel]) => !known.includes(channel))
      .map(([at, channel]) => ({
        field: `actions.${action}.${at}`,
        message: `The template "${template}" has no content for ${channel}: nothing is sent there. It offers ${known.join(', ')}.`,
      }));
  });
