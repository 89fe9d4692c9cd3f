/** How a gateway calls a subgraph in another process: the headers over HTTP, the payloads over graphql-ws. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { CHANNELS } from './contract-enums.ts';

/** Carries the secret that gateway and subgraphs share. */
export const GATEWAY_SECRET_HEADER = 'x-herald-gateway-secret';
/** Carries who is calling, see `encodePrincipal`; absent for a caller without credentials. */
export const PRINCIPAL_HEADER = 'x-herald-principal';

/** A principal as JSON: what a header, a subscribe message or `Query.principalByKeyHash` carries. */
export const principalSchema: z.ZodType<Principal> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('app'),
    workspace: z.string(),
    app: z.string(),
    key: z.string(),
    ratePerSecond: z.number().positive(),
    may: z
      .object({
        events: z.array(z.string()).optional(),
        templates: z.array(z.string()).optional(),
        content: z.boolean().optional(),
        channels: z.array(z.enum(CHANNELS)).optional(),
      })
      .optional(),
  }),
  z.object({
    kind: z.literal('operator'),
    workspace: z.string(),
    key: z.string(),
    name: z.string(),
    root: z.boolean(),
  }),
  z.object({ kind: z.literal('user'), workspace: z.string(), user: z.string(), expiresAt: z.number() }),
]);

/** `connection_init` payload of the gateway's socket to a subgraph. */
export const connectionParamsSchema = z.object({ gatewaySecret: z.string() });

/** `extensions` of each subscribe message: the socket is shared by all callers. */
export const subscribeExtensionsSchema = z.object({
  principal: principalSchema.optional(),
  requestId: z.string().optional(),
  /** See `SubgraphRequest.tellStart`. */
  tellStart: z.boolean().optional(),
});

/** base64url(JSON): names and ids may hold any character, header values may not (RFC 9110, 5.5). */
export const encodePrincipal = (principal: Principal): string =>
  Buffer.from(JSON.stringify(principal)).toString('base64url');

/** @throws ZodError or SyntaxError when the header is none that `encodePrincipal` made. */
export const decodePrincipal = (header: string): Principal =>
  principalSchema.parse(JSON.parse(Buffer.from(header, 'base64url').toString('utf8')));
