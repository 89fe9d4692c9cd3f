/** SLACK: incoming webhooks, and chat.postMessage for channels and people (https://docs.slack.dev). */
import { z } from 'zod';
import type { Provider, ProviderDefinition, SendOutcome } from '../contract.ts';
import { baseUrlSchema, createVendorHttp, healthOf } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import {
  type ClassifiedSlackAnswer,
  classifySlackAnswer,
  classifySlackWebhookAnswer,
} from './classify-answer.ts';
import { BODY_CHARS, slackBody, slackPart } from './message-body.ts';
import { type SlackAddress, slackAddress } from './slack-address.ts';

const config = z.object({
  botToken: z
    .string()
    .regex(/^xox[\w.-]{10,300}$/, 'must be a token of a Slack app: xoxb-…')
    .optional()
    .meta({ title: 'Bot token', description: 'Not needed for incoming webhooks', secret: true }),
  baseUrl: baseUrlSchema('https://slack.com/api'),
  webhookBaseUrl: baseUrlSchema('https://hooks.slack.com').meta({ title: 'Address of incoming webhooks' }),
});

export const slack = {
  id: 'slack',
  name: 'Slack',
  channels: ['SLACK'],
  config,
  capabilities: { idempotent: false, html: false },
  limits: { bodyChars: BODY_CHARS },
  create({ botToken, baseUrl, webhookBaseUrl }, { now }): Provider {
    const api = createVendorHttp({ name: 'Slack', baseUrl, now });
    // Only the path of an address is used: the host is the configuration's.
    const hooks = createVendorHttp({ name: 'Slack', baseUrl: webhookBaseUrl, now });
    const json = { 'content-type': 'application/json; charset=utf-8' };
    const authorization = `Bearer ${botToken}`;

    async function post(to: SlackAddress, body: object, signal: AbortSignal): Promise<ClassifiedSlackAnswer> {
      const asked =
        to.kind === 'webhook'
          ? await hooks.request({ path: to.path, headers: json, body: JSON.stringify(body), signal })
          : await api.request({
              path: '/chat.postMessage',
              headers: { ...json, authorization },
              body: JSON.stringify({ channel: to.channel, ...body }),
              signal,
            });
      if ('failed' in asked) return { outcome: asked.failed, blocksRefused: false };
      return to.kind === 'webhook'
        ? classifySlackWebhookAnswer(asked.answer)
        : classifySlackAnswer(asked.answer);
    }

    return {
      async send(message, { signal }): Promise<SendOutcome> {
        const to = slackAddress(message.address, webhookBaseUrl);
        if (!to) return NO_ADDRESS;
        if (to.kind === 'channel' && botToken === undefined) return NO_TOKEN;
        const given = vendorPart(message, 'slack', slackPart);
        if ('wrong' in given) return given.wrong;
        const part = given.part ?? slackPart.parse({});
        const first = slackBody(message, part);
        if ('wrong' in first) return first.wrong;
        const { outcome, blocksRefused } = await post(to, first.body, signal);
        if (!blocksRefused || message.imageUrl === undefined || part.blocks !== undefined) return outcome;
        // A picture that Slack cannot load costs the whole message (invalid_blocks): it goes without.
        const second = slackBody(message, part, false);
        return 'wrong' in second ? second.wrong : (await post(to, second.body, signal)).outcome;
      },
      async health(signal) {
        // There is nothing to ask a webhook without sending.
        if (botToken === undefined) return { ok: true };
        const asked = await api.request({ path: '/auth.test', headers: { authorization }, signal });
        return healthOf('failed' in asked ? asked.failed : classifySlackAnswer(asked.answer).outcome);
      },
      async close() {
        await Promise.all([api.close(), hooks.close()]);
      },
    };
  },
} satisfies ProviderDefinition<typeof config>;

const NO_ADDRESS: SendOutcome = {
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message:
    'The address must be the id of a Slack channel or user, a #channel, or an incoming webhook on hooks.slack.com.',
};
const NO_TOKEN: SendOutcome = {
  kind: 'permanent',
  code: 'CHANNEL_MISCONFIGURED',
  message: 'The account has no botToken: it can only send to incoming webhooks.',
  // Webhooks go on.
  about: 'recipient',
};
