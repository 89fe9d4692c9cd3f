/** SUBGRAPHS: how the gateway reaches the subgraphs of a supergraph of others, by name; `*` for all. */
import { z } from 'zod';

/** Names that HTTP keeps for one connection (RFC 9110, 7.6.1), or that describe the body we make anew. */
const NEVER_FORWARDED = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const token = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name')
  .transform((name) => name.toLowerCase());
const forwardable = token.refine(
  (name) => !NEVER_FORWARDED.has(name) && !name.startsWith('sec-websocket-'),
  'belongs to a connection or a body and cannot be forwarded',
);
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

const rule = z.strictObject({
  /** In place of the supergraph's. */
  url: httpUrl.optional(),
  /** For subscriptions (graphql-transport-ws); the same address with ws(s): without. */
  subscriptionsUrl: z.url({ protocol: /^wss?$/, error: 'must be a ws or wss URL' }).optional(),
  /** Headers of the caller that are passed on; subscriptions of callers who differ in them share nothing. */
  forwardHeaders: z.array(forwardable).default([]),
  /** Headers of our own; they win. */
  setHeaders: z
    .record(token, z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be a header value'))
    .default({}),
  timeoutMs: z.number().int().min(100).max(600_000).optional(),
});

/** What holds for one subgraph. */
export type SubgraphRule = z.infer<typeof rule>;
export type SubgraphRules = Readonly<Record<string, SubgraphRule>>;

export const subgraphRules = z
  .string()
  .default('{}')
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({
        code: 'custom',
        message: 'must be JSON, like {"*": {"forwardHeaders": ["authorization"]}}',
      });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().min(1), rule));

/** The rule for `name`: its own, over that for all. */
export function ruleFor(rules: SubgraphRules, name: string): SubgraphRule {
  const [all, own] = [rules['*'], rules[name]];
  const url = own?.url;
  const subscriptionsUrl = own?.subscriptionsUrl;
  const timeoutMs = own?.timeoutMs ?? all?.timeoutMs;
  return {
    forwardHeaders: [...new Set([...(all?.forwardHeaders ?? []), ...(own?.forwardHeaders ?? [])])],
    setHeaders: { ...all?.setHeaders, ...own?.setHeaders },
    ...(url !== undefined && { url }),
    ...(subscriptionsUrl !== undefined && { subscriptionsUrl }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

/** Every header of callers that some subgraph gets. */
export const forwardedNames = (rules: SubgraphRules): readonly string[] => [
  ...new Set(Object.values(rules).flatMap((own) => own.forwardHeaders)),
];
