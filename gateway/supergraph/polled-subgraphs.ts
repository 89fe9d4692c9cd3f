/** A supergraph composed here from what the subgraphs say of themselves (`_service { sdl }`), asked again and again. */
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { request } from 'undici';
import { z } from 'zod';
import { messageOf } from '../../platform/errors/message-of.ts';
import type { NamedUrl } from '../../platform/lifecycle/run-options.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { CompositionError } from './supergraph.ts';
import type { SupergraphSource } from './supergraph-source.ts';
import { watchedSupergraph } from './watched-supergraph.ts';

const ASK_EVERY_MS = 10_000;
const TIMEOUT_MS = 10_000;
const answerSchema = z.object({ data: z.object({ _service: z.object({ sdl: z.string().min(1) }) }) });

/**
 * @param headers sent with each question: some subgraphs tell their schema only to those who may know it.
 */
export function polledSubgraphs(
  subgraphs: readonly NamedUrl[],
  log: Logger,
  options: { readonly everyMs?: number; readonly headers?: (name: string) => Record<string, string> } = {},
): SupergraphSource {
  const headers = options.headers ?? (() => ({}));
  const compose = async (): Promise<string> => {
    const services = await Promise.all(
      subgraphs.map(async ({ name, url }) => ({
        name,
        url,
        typeDefs: parse(await sdlOf(name, url, headers(name))),
      })),
    );
    const composed = composeServices(services);
    if (composed.errors) throw new CompositionError(composed.errors.map((error) => error.message));
    return composed.supergraphSdl;
  };
  return watchedSupergraph({
    read: compose,
    option: '--subgraph',
    everyMs: options.everyMs ?? ASK_EVERY_MS,
    log,
  });
}

async function sdlOf(name: string, url: string, headers: Record<string, string>): Promise<string> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${text.slice(0, 200)}`);
    return answerSchema.parse(JSON.parse(text)).data._service.sdl;
  } catch (error) {
    throw new Error(`The subgraph ${name} (${url}) did not tell its schema: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
