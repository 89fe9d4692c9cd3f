/** WECOM: messages of an app to members, and messages of robots to their groups. */
import { z } from 'zod';
import type { OutgoingMessage, Provider, ProviderDefinition, SendOutcome } from '../contract.ts';
import { healthOfToken, type MadeToken, withAccessToken } from '../network/access-token.ts';
import {
  checkRobotNames,
  isRobot,
  robotDestination,
  robotOf,
  robotsSchema,
} from '../network/named-robots.ts';
import { malformedAddress, notForRecipient, outcomeOfRule, tooLong } from '../network/vendor-errors.ts';
import { baseUrlSchema, createVendorHttp } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifyAppAnswer, classifyRobotAnswer, classifyTokenAnswer } from './classify-answer.ts';
import { MARKDOWN_BYTES, sizeOf, TEXT_BYTES, wecomMessage, wecomPart } from './message-body.ts';

const NAME = 'WeCom';

const config = z
  .object({
    corpId: z.string().min(1).optional().meta({ title: 'Corp id', description: 'For messages of an app' }),
    corpSecret: z.string().min(1).optional().meta({ title: 'Secret of the app', secret: true }),
    agentId: z
      .string()
      .regex(/^\d+$/, 'must be the number of the app')
      .optional()
      .meta({ title: 'Agent id', description: 'Of the app that the messages come from' }),
    robots: robotsSchema({
      key: z
        .string()
        .regex(/^[\w-]+$/, 'must be the key of the robot’s address')
        .meta({ title: 'Key', secret: true }),
    }),
    baseUrl: baseUrlSchema('https://qyapi.weixin.qq.com'),
  })
  .superRefine(({ corpId, corpSecret, agentId, robots }, context) => {
    const app = Object.entries({ corpId, corpSecret, agentId });
    if (robots.length === 0 || app.some(([, value]) => value !== undefined))
      for (const [field, value] of app)
        if (value === undefined)
          context.addIssue({ code: 'custom', path: [field], message: 'is needed for messages of an app' });
    checkRobotNames(robots, context);
  });

export const wecom = {
  id: 'wecom',
  name: NAME,
  channels: ['WECOM'],
  config,
  capabilities: { idempotent: false, html: false },
  limits: { bodyChars: TEXT_BYTES },
  destination: robotDestination,
  create({ corpId, corpSecret, agentId, robots, baseUrl }, { now, shared }): Provider {
    const http = createVendorHttp({ name: NAME, baseUrl, now });
    const app =
      corpId !== undefined && corpSecret !== undefined && agentId !== undefined
        ? { corpid: corpId, corpsecret: corpSecret, agentid: Number(agentId) }
        : undefined;

    async function makeToken(
      { corpid, corpsecret }: { corpid: string; corpsecret: string },
      signal: AbortSignal,
    ): Promise<MadeToken> {
      const query = new URLSearchParams({ corpid, corpsecret });
      const asked = await http.request({ method: 'GET', path: `/cgi-bin/gettoken?${query}`, signal });
      return 'failed' in asked ? asked : classifyTokenAnswer(asked.answer);
    }

    const post = (path: string, body: object, signal: AbortSignal) =>
      http.request({
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      });

    async function sendToRobot(message: OutgoingMessage, signal: AbortSignal): Promise<SendOutcome> {
      const robot = robotOf(robots, message);
      if (!robot) return notConfigured('without a robot of this name', 'robots');
      const read = readMessage(message, 'robot');
      if ('wrong' in read) return read.wrong;
      const { made, part } = read;
      const body =
        made.msgtype === 'text' && part?.mentioned
          ? { ...made, text: { ...made.text, mentioned_list: part.mentioned } }
          : made;
      const asked = await post(`/cgi-bin/webhook/send?key=${robot.key}`, body, signal);
      return 'failed' in asked ? asked.failed : classifyRobotAnswer(asked.answer);
    }

    async function sendToMember(message: OutgoingMessage, signal: AbortSignal): Promise<SendOutcome> {
      // A bar would name several members, and @all everybody.
      if (!/^[A-Za-z0-9][\w.@-]{0,63}$/.test(message.address))
        return malformedAddress('The address is neither a WeCom user id nor robot:<name>.');
      if (!app) return notConfigured('without an app', 'corpId');
      const read = readMessage(message, 'app');
      if ('wrong' in read) return read.wrong;
      const { made, part } = read;
      const { agentid } = app;
      const body = {
        touser: message.address,
        agentid,
        ...made,
        ...(part?.confidential && made.msgtype === 'text' && { safe: 1 }),
      };
      return withAccessToken(
        { shared, name: 'access-token', now, signal },
        () => makeToken(app, signal),
        async (token) => {
          const asked = await post(
            `/cgi-bin/message/send?access_token=${encodeURIComponent(token)}`,
            body,
            signal,
          );
          return 'failed' in asked ? asked.failed : classifyAppAnswer(asked.answer);
        },
      );
    }

    return {
      send: (message, { signal }) =>
        isRobot(message.address) ? sendToRobot(message, signal) : sendToMember(message, signal),
      // Robots have nothing that could be asked without a message to the group.
      ...(app && { health: async (signal: AbortSignal) => healthOfToken(await makeToken(app, signal)) }),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

function readMessage(message: OutgoingMessage, to: 'app' | 'robot') {
  const found = vendorPart(message, wecom.id, wecomPart);
  if ('wrong' in found) return found;
  const { part } = found;
  const made = wecomMessage(message, to, part);
  const most = made.msgtype === 'markdown' ? MARKDOWN_BYTES[to] : TEXT_BYTES;
  return sizeOf(made) > most ? { wrong: tooLong(NAME, `${most} bytes`) } : { made, part };
}

const notConfigured = (how: string, field: string): SendOutcome =>
  outcomeOfRule(NAME, field, notForRecipient(`is configured ${how}`, 'CHANNEL_MISCONFIGURED'));
