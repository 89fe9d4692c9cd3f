/** WEBHOOK: a signed POST to a URL (https://www.standardwebhooks.com), or the request that another system's API wants. */
import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { OutgoingMessage, Provider, ProviderDefinition, SendOutcome } from '../contract.ts';
import { createHttpSender } from '../network/http-sender.ts';
import { hostOf, parseHttpTarget } from '../network/http-target.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { compileBodyTemplate, type RenderBody, TEMPLATE_CHARS } from './body-template.ts';
import { classifyWebhookAnswer } from './classify-answer.ts';
import { hasBody, headersSchema, METHODS, mergedHeaders, webhookPart } from './request-options.ts';
import { webhookBody } from './webhook-body.ts';

const config = z
  .object({
    signingSecret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ followed by base64 of at least 24 bytes')
      .meta({ title: 'Signing secret', secret: true }),
    allowedNetworks: z
      .array(z.union([z.cidrv4(), z.cidrv6()]))
      .default([])
      .meta({ title: 'Allowed networks', description: 'Private networks that webhooks may reach, as CIDRs' }),
    method: z.enum(METHODS).default('POST').meta({ title: 'Method' }),
    headers: headersSchema.default({}).meta({
      title: 'Headers',
      description: 'Besides those of the signature; a content-type decides how the template is escaped',
      secret: true,
    }),
    bodyTemplate: z.string().min(1).max(TEMPLATE_CHARS).optional().meta({
      title: 'Body',
      description: 'A Handlebars template, in the place of the body that Herald sends by itself',
    }),
    origins: z
      .array(z.url({ protocol: /^https?$/ }).refine(isOrigin, 'must be like https://api.example.com'))
      .default([])
      .meta({
        title: 'Only to',
        description: 'The account sends nowhere else: needed with headers or a body, which may hold secrets',
      }),
  })
  .superRefine(({ headers, bodyTemplate, origins }, context) => {
    // Addresses are chosen by users and apps: they must not learn an API's key by giving one of their own.
    if ((Object.keys(headers).length > 0 || bodyTemplate !== undefined) && origins.length === 0)
      context.addIssue({
        code: 'custom',
        path: ['origins'],
        message: 'must name where headers and body go, such as ["https://api.example.com"]',
      });
  });

export const webhook = {
  id: 'webhook',
  name: 'Webhook',
  channels: ['WEBHOOK'],
  config,
  settings: { signingSecret: 'WEBHOOK_SIGNING_SECRET', allowedNetworks: 'WEBHOOK_ALLOWED_NETWORKS' },
  // Receivers drop a second message with the same webhook-id: Standard Webhooks tells them to.
  capabilities: { idempotent: true, html: true },
  limits: {},
  destination: hostOf,
  fromSettings: ({ WEBHOOK_SIGNING_SECRET: signingSecret, WEBHOOK_ALLOWED_NETWORKS: allowedNetworks }) =>
    signingSecret === undefined ? undefined : { signingSecret, allowedNetworks },
  async create({ signingSecret, allowedNetworks, origins, ...account }, { now }): Promise<Provider> {
    const render = account.bodyTemplate === undefined ? undefined : await templateOf(account.bodyTemplate);
    const http = createHttpSender({ allowedNetworks, plainHttp: 'anywhere' }, now);
    const signer = new Webhook(signingSecret);
    return {
      async send(message, { idempotencyKey, signal }) {
        const target = parseHttpTarget(message.address);
        if ('wrong' in target) return target.wrong;
        if (origins.length > 0 && !origins.some((origin) => new URL(origin).origin === target.url.origin))
          return NOT_AN_ORIGIN;
        const given = vendorPart(message, 'webhook', webhookPart);
        if ('wrong' in given) return given.wrong;
        const method = given.part?.method ?? account.method;
        const headers = mergedHeaders(DEFAULT_HEADERS, account.headers, given.part?.headers);
        const at = now();
        const id = webhookId(idempotencyKey);
        const made = bodyOf(message, { id, at, render, contentType: headers['content-type'] ?? '' });
        if ('wrong' in made) return made.wrong;
        const body = hasBody(method) ? made.body : '';
        if (!hasBody(method)) delete headers['content-type'];
        const result = await http.request({
          method,
          url: target.url,
          headers: {
            ...headers,
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
            'webhook-signature': signer.sign(id, at, body),
          },
          ...(hasBody(method) && { body }),
          signal,
        });
        return 'failed' in result ? result.failed : classifyWebhookAnswer(result.answer);
      },
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

const DEFAULT_HEADERS = { 'content-type': 'application/json', 'user-agent': 'Herald' };

const NOT_AN_ORIGIN: SendOutcome = {
  kind: 'permanent',
  code: 'CHANNEL_ADDRESS_NOT_ALLOWED',
  message: 'The account sends to other servers only: those that its origins name.',
  about: 'recipient',
};

async function templateOf(source: string): Promise<RenderBody> {
  try {
    return await compileBodyTemplate(source);
  } catch (error) {
    throw new Error(`bodyTemplate is not a template: ${error instanceof Error ? error.message : error}`);
  }
}

function bodyOf(
  message: OutgoingMessage,
  made: {
    readonly id: string;
    readonly at: Date;
    readonly render: RenderBody | undefined;
    readonly contentType: string;
  },
): { readonly body: string } | { readonly wrong: SendOutcome } {
  const { id, at, render, contentType } = made;
  const own = webhookBody(message, at);
  if (!render) return { body: JSON.stringify(own) };
  try {
    return { body: render({ ...own.data, id, timestamp: own.timestamp }, contentType) };
  } catch (error) {
    return {
      wrong: {
        kind: 'permanent',
        code: 'CHANNEL_RENDER_FAILED',
        message: `The account's body template cannot be used for this message: ${error instanceof Error ? error.message : error}.`,
        about: 'recipient',
      },
    };
  }
}

function isOrigin(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && (value === url.origin || value === `${url.origin}/`);
}

/** The idempotency key, or its hash where it has what a header or the signature's dots do not take. */
const webhookId = (idempotencyKey: string): string =>
  /^[\w-]{1,256}$/.test(idempotencyKey)
    ? idempotencyKey
    : createHash('sha256').update(idempotencyKey).digest('base64url');
