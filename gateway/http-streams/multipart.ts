/**
 * Subscriptions as Apollo Client and Apollo Router speak them over HTTP
 * (https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol).
 */
import { unavailable } from '../../platform/errors/herald-error.ts';
import { serialisedResult } from '../subscriptions/serialised-result.ts';
import { acceptedRanges } from './accept.ts';
import type { Framing } from './framing.ts';

const BOUNDARY = 'graphql';
/** Each part is followed by its delimiter at once: clients take a part only when they have seen what ends it. */
const part = (json: string): string => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--${BOUNDARY}`;

export const multipart: Framing = {
  contentType: `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec="1.0"`,
  opening: () => `\r\n--${BOUNDARY}${multipart.heartbeat}`,
  heartbeat: part('{}'),
  result: (payload) => part(`{"payload":${serialisedResult(payload)}}`),
  failure: ({ errors }) => part(JSON.stringify({ payload: null, errors })),
  completed: '--\r\n',
  interrupted: `${part(JSON.stringify({ payload: null, errors: [unavailable('The gateway goes away. Subscribe again.')] }))}--\r\n`,
};

/** Whether a client asks for such a stream. `multipart/mixed` alone may be meant for `@defer`. */
export const wantsMultipart = (accept: string | undefined): boolean =>
  acceptedRanges(accept).some(
    ({ type, parameters }) =>
      type === 'multipart/mixed' && parameters.get('subscriptionspec')?.split('.', 1)[0] === '1',
  );
