/** A subgraph of others: no secret and no principal of ours, but the caller's headers that a rule forwards. */
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { RequestContext } from '../../platform/auth/principal.ts';
import { SettingsError } from '../../platform/config/settings.ts';
import type { SubgraphRule } from '../../platform/config/subgraph-rules.ts';
import type { ResultStream, SubgraphRequest } from '../../platform/graphql/subgraph-executor.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { HttpSubgraph } from './http-subgraph.ts';
import { RemoteSubscriptions } from './remote-subscriptions.ts';
import type { SubgraphSource } from './subgraph-source.ts';

/** Says that the message is the subgraph's own: shown to callers as it is. */
const SUBGRAPH_ERROR = 'SUBGRAPH_ERROR';
/** What a socket with its own headers may be idle before it is let go of. */
const IDLE_MS = 30_000;

/** A socket to the subgraph: one for all callers whose forwarded headers are equal. */
interface Socket {
  readonly subscriptions: RemoteSubscriptions;
  streams: number;
  idle?: NodeJS.Timeout;
}

export class ForeignSource implements SubgraphSource {
  readonly name: string;
  readonly #options: { readonly url: string; readonly rule: SubgraphRule; readonly log: Logger };
  readonly #http: HttpSubgraph;
  readonly #sockets = new Map<string, Socket>();

  /** @throws SettingsError when neither the supergraph nor the rule says where it is. */
  constructor(options: { name: string; url: string; rule: SubgraphRule; log: Logger }) {
    const { name, rule, log } = options;
    const url = rule.url ?? options.url;
    if (!/^https?:/.test(url) || !URL.canParse(url))
      throw new SettingsError([
        `SUBGRAPHS: the supergraph does not say where the subgraph ${name} is ("${url}" is no http URL): set SUBGRAPHS={"${name}": {"url": "http://…"}}`,
      ]);
    this.name = name;
    this.#options = { url, rule, log };
    this.#http = new HttpSubgraph({
      name,
      url,
      log,
      timeoutMs: rule.timeoutMs,
      headers: (context) => this.#headersFor(context),
    });
  }

  async execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult> {
    return withCodes(await this.#http.execute(request, context), this.name);
  }

  async subscribe(request: SubgraphRequest, context: RequestContext): Promise<ResultStream> {
    const headers = this.#headersFor(context);
    const key = JSON.stringify(Object.entries(headers).sort());
    const socket = this.#sockets.get(key) ?? this.#open(key, headers);
    clearTimeout(socket.idle);
    socket.streams += 1;
    const stream = socket.subscriptions.subscribe(request, context);
    return counted(stream, this.name, () => this.#left(key, socket));
  }

  problem(): Promise<string | undefined> {
    return this.#http.problem();
  }

  async close(): Promise<void> {
    for (const { idle, subscriptions } of this.#sockets.values()) {
      clearTimeout(idle);
      await subscriptions.close();
    }
    await this.#http.close();
  }

  #headersFor({ forwarded }: RequestContext): Record<string, string> {
    const { forwardHeaders, setHeaders } = this.#options.rule;
    const headers: Record<string, string> = {};
    for (const name of forwardHeaders) {
      const value = forwarded?.[name];
      if (value !== undefined) headers[name] = value;
    }
    return { ...headers, ...setHeaders };
  }

  #open(key: string, headers: Readonly<Record<string, string>>): Socket {
    const { rule, url, log } = this.#options;
    const socket: Socket = {
      streams: 0,
      subscriptions: new RemoteSubscriptions({
        name: this.name,
        url: rule.subscriptionsUrl ?? url,
        connectionParams: headers,
        headers,
        extensions: () => undefined,
        log,
      }),
    };
    this.#sockets.set(key, socket);
    return socket;
  }

  #left(key: string, socket: Socket): void {
    socket.streams -= 1;
    if (socket.streams > 0) return;
    socket.idle = setTimeout(() => {
      this.#sockets.delete(key);
      void socket.subscriptions.close();
    }, IDLE_MS);
    socket.idle.unref();
  }
}

/** Calls `onEnd` once when the stream is over or left. */
async function* counted(
  stream: ResultStream,
  name: string,
  onEnd: () => void,
): AsyncGenerator<ExecutionResult, undefined, undefined> {
  try {
    for await (const result of stream) yield withCodes(result, name);
    return undefined;
  } finally {
    onEnd();
  }
}

/** Without a code of its own an error counts as a bug of ours, and its message would be masked. */
function withCodes(result: ExecutionResult, service: string): ExecutionResult {
  if (!result.errors) return result;
  return {
    ...result,
    errors: result.errors.map((error) => {
      const { code } = error.extensions;
      if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR') return error;
      return new GraphQLError(error.message, {
        path: error.path,
        extensions: { ...error.extensions, code: SUBGRAPH_ERROR, subgraphName: service },
      });
    }),
  };
}
