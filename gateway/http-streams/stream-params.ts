/** What a request asks for: the parameters of GraphQL over HTTP, from a JSON body or the URL. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { badInput } from '../../platform/errors/herald-error.ts';
import { RequestError } from './request-error.ts';

export interface OperationParams {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

const object = z.record(z.string(), z.unknown());
const paramsSchema = z.object({
  query: z.string().min(1),
  operationName: z.string().nullish(),
  variables: object.nullish(),
  extensions: object.nullish(),
});

const EXPECTED: Readonly<Record<string, string>> = {
  query: 'a GraphQL document',
  operationName: 'a name',
  variables: 'an object',
  extensions: 'an object',
};

/**
 * @throws HeraldError BAD_USER_INPUT with the wrong parameter's name as `field`; RequestError 415 for a body that is
 * not JSON.
 */
export function readParams(request: FastifyRequest): OperationParams {
  const search = searchParams(request.url);
  if (search.has('access_token'))
    throw badInput(
      'access_token',
      'Credentials in a URL end up in logs and histories. Send them as "Authorization: Bearer …".',
    );
  const parsed = paramsSchema.safeParse(request.method === 'GET' ? fromSearch(search) : bodyOf(request));
  if (!parsed.success) {
    const [field = ''] = parsed.error.issues[0]?.path ?? [];
    if (field === '') throw badInput('query', 'The body must be a JSON object with a "query".');
    throw badInput(
      String(field),
      `"${String(field)}" must be ${EXPECTED[String(field)] ?? 'something else'}.`,
    );
  }
  const { query, operationName, variables } = parsed.data;
  return { query, operationName: operationName ?? undefined, variables: variables ?? {} };
}

function bodyOf({ headers, body }: FastifyRequest): unknown {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new RequestError(415, 'Send the operation as JSON, with "Content-Type: application/json".');
  return body;
}

const searchParams = (url: string): URLSearchParams => {
  const at = url.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : url.slice(at));
};

const fromSearch = (search: URLSearchParams): Record<string, unknown> => ({
  query: search.get('query') ?? undefined,
  operationName: search.get('operationName') || undefined,
  variables: jsonOf(search, 'variables'),
  extensions: jsonOf(search, 'extensions'),
});

function jsonOf(search: URLSearchParams, name: string): unknown {
  const text = search.get(name);
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw badInput(name, `"${name}" is not JSON: ${error.message}`);
    throw error;
  }
}
