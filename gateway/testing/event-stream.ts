/** Reads text/event-stream as a browser does (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). */

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** The last event id after this event. */
  readonly id: string;
}

export interface OpenEventStream {
  readonly response: Response;
  /** The next event; nothing when the response has ended. */
  next(): Promise<StreamEvent | undefined>;
  /** The data of the next event `next`, parsed. @throws Error for any other event, and at the end. */
  result(): Promise<unknown>;
  /** Comments so far. */
  readonly comments: readonly string[];
  /** Milliseconds after which a browser would come back. */
  readonly retry: number | undefined;
  close(): Promise<void>;
}

export async function openEventStream(url: string, init: RequestInit = {}): Promise<OpenEventStream> {
  const control = new AbortController();
  const response = await fetch(url, {
    ...init,
    headers: { accept: 'text/event-stream', ...init.headers },
    signal: control.signal,
  });
  const comments: string[] = [];
  let retry: number | undefined;
  const events = (async function* (): AsyncGenerator<StreamEvent, undefined> {
    let id = '';
    let event = '';
    let data: string[] = [];
    for await (const line of linesOf(response)) {
      if (line === '') {
        if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
        event = '';
        data = [];
        continue;
      }
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (name === '') comments.push(value);
      else if (name === 'event') event = value;
      else if (name === 'data') data.push(value);
      else if (name === 'id') id = value;
      else if (name === 'retry') retry = Number(value);
    }
    return undefined;
  })();
  const next = async () => (await events.next()).value ?? undefined;
  return {
    response,
    next,
    async result() {
      const event = await next();
      if (event?.event !== 'next') throw new Error(`no result but ${JSON.stringify(event)}`);
      return JSON.parse(event.data);
    },
    comments,
    get retry() {
      return retry;
    },
    async close() {
      control.abort();
      await events.return(undefined).catch(() => undefined);
    },
  };
}

async function* linesOf({ body }: Response): AsyncGenerator<string, void> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
