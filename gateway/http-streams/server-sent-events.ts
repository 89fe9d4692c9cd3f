/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) in the distinct connections
 * mode of GraphQL over SSE (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). Written here, because
 * the server of the graphql-sse package takes results as fast as they come, whether the client reads them or not,
 * and gives events no ids.
 */
import { serialisedResult } from '../subscriptions/serialised-result.ts';
import type { Framing } from './framing.ts';

/** An EventSource comes back after so long, each one after another time: a restart must not bring all of them at once. */
const RETRY_MS = { least: 1_000, most: 4_000 };

/** Would end the `id` field, or be ignored by the browser. */
const NOT_IN_IDS = /[\0\r\n]/;

export const serverSentEvents: Framing = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: () =>
    `retry: ${Math.round(RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least))}\n\n`,
  heartbeat: ':\n\n',
  result: (result, id) =>
    `event: next\n${id === undefined || NOT_IN_IDS.test(id) ? '' : `id: ${id}\n`}data: ${serialisedResult(result)}\n\n`,
  failure: (result) => `event: next\ndata: ${serialisedResult(result)}\n\n`,
  // A browser drops an event without data.
  completed: 'event: complete\ndata:\n\n',
  // Without `complete` clients connect again, and go on where they were.
  interrupted: ': the gateway goes away\n\n',
};
