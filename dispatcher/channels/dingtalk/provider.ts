/** DINGTALK: work notifications of an app to users, and messages of robots to their groups. */
import { createHmac } from 'node:crypto';
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
import { classifyRobotAnswer, classifyTokenAnswer, classifyWorkAnswer } from './classify-answer.ts';
import { dingtalkMessage, dingtalkPart } from './message-body.ts';

const NAME = 'DingTalk';

const config = z
  .object({
    appKey: z.string().min(1).optional().meta({ title: 'App key', description: 'For work notifications' }),
    appSecret: z.string().min(1).optional().meta({ title: 'App secret', secret: true }),
    agentId: z
      .string()
      .regex(/^\d+$/, 'must be the number of the app')
      .optional()
      .meta({ title: 'Agent id', description: 'Of the app that the notifications come from' }),
    robots: robotsSchema({
      accessToken: z
        .string()
        .regex(/^[\w-]+$/, 'must be the access_token of the robot’s address')
        .meta({ title: 'Access token', secret: true }),
      secret: z.string().min(1).optional().meta({ title: 'Signing secret (SEC…)', secret: true }),
    }),
    baseUrl: baseUrlSchema('https://oapi.dingtalk.com'),
  })
  .superRefine(({ appKey, appSecret, agentId, robots }, context) => {
    const missing = (field: string) =>
      context.addIssue({ code: 'custom', path: [field], message: 'is needed for work notifications' });
    const app = { appKey, appSecret, agentId };
    const isApp = Object.values(app).some((value) => value !== undefined);
    if (isApp || robots.length === 0)
      for (const [field, value] of Object.entries(app)) if (value === undefined) missing(field);
    checkRobotNames(robots, context);
  });

/** https://open.dingtalk.com/document/orgapp/asynchronous-sending-of-enterprise-session-messages */
const WORK_MESSAGE_BYTES = 2_048;
/** https://open.dingtalk.com/document/orgapp/custom-robot-access */
const ROBOT_MESSAGE_BYTES = 20_000;

export const dingtalk = {
  id: 'dingtalk',
  name: NAME,
  channels: ['DINGTALK'],
  config,
  capabilities: { idempotent: false, html: false },
  limits: { bodyChars: ROBOT_MESSAGE_BYTES },
  destination: robotDestination,
  create({ appKey, appSecret, agentId, robots, baseUrl }, { now, shared }): Provider {
    const http = createVendorHttp({ name: NAME, baseUrl, now });
    const app = appKey !== undefined && appSecret !== undefined && agentId !== undefined;

    async function makeToken(signal: AbortSignal): Promise<MadeToken> {
      const query = new URLSearchParams({ appkey: appKey ?? '', appsecret: appSecret ?? '' });
      const asked = await http.request({ method: 'GET', path: `/gettoken?${query}`, signal });
      return 'failed' in asked ? asked : classifyTokenAnswer(asked.answer);
    }

    const post = (path: string, query: Record<string, string>, body: string, signal: AbortSignal) =>
      http.request({
        path: `${path}?${new URLSearchParams(query)}`,
        headers: { 'content-type': 'application/json' },
        body,
        signal,
      });

    async function sendToRobot(message: OutgoingMessage, signal: AbortSignal): Promise<SendOutcome> {
      const robot = robotOf(robots, message);
      if (!robot) return noSuch('robot');
      const { part, wrong } = partOf(message);
      if (wrong) return wrong;
      const { atMobiles, atUserIds, isAtAll } = part ?? {};
      const at = { atMobiles, atUserIds, isAtAll };
      const isAt = Object.values(at).some((value) => value !== undefined);
      const body = JSON.stringify({ ...dingtalkMessage(message, part), ...(isAt && { at }) });
      if (Buffer.byteLength(body) > ROBOT_MESSAGE_BYTES) return tooLong(NAME, `${ROBOT_MESSAGE_BYTES} bytes`);
      const query = {
        access_token: robot.accessToken,
        ...(robot.secret !== undefined && robotSignature(robot.secret, now())),
      };
      const asked = await post('/robot/send', query, body, signal);
      return 'failed' in asked ? asked.failed : classifyRobotAnswer(asked.answer);
    }

    async function sendToUser(message: OutgoingMessage, signal: AbortSignal): Promise<SendOutcome> {
      // A comma would name several users.
      if (!/^[^\s,\p{C}]{1,64}$/u.test(message.address))
        return malformedAddress('The address is neither a DingTalk user id nor robot:<name>.');
      if (!app) return noSuch('app');
      const { part, wrong } = partOf(message);
      if (wrong) return wrong;
      const msg = dingtalkMessage(message, part);
      if (Buffer.byteLength(JSON.stringify(msg)) > WORK_MESSAGE_BYTES)
        return tooLong(NAME, `${WORK_MESSAGE_BYTES} bytes`);
      const body = JSON.stringify({ agent_id: Number(agentId), userid_list: message.address, msg });
      return withAccessToken(
        { shared, name: 'access-token', now, signal },
        () => makeToken(signal),
        async (token) => {
          const path = '/topapi/message/corpconversation/asyncsend_v2';
          const asked = await post(path, { access_token: token }, body, signal);
          return 'failed' in asked ? asked.failed : classifyWorkAnswer(asked.answer);
        },
      );
    }

    return {
      send: (message, { signal }) =>
        isRobot(message.address) ? sendToRobot(message, signal) : sendToUser(message, signal),
      // Robots have nothing that could be asked without a message to the group.
      ...(app && { health: async (signal: AbortSignal) => healthOfToken(await makeToken(signal)) }),
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

function partOf(message: OutgoingMessage) {
  const found = vendorPart(message, dingtalk.id, dingtalkPart);
  return 'wrong' in found ? { part: undefined, wrong: found.wrong } : { part: found.part, wrong: undefined };
}

const noSuch = (what: 'robot' | 'app'): SendOutcome =>
  outcomeOfRule(
    NAME,
    what === 'robot' ? 'robots' : 'appKey',
    notForRecipient(
      what === 'robot' ? 'is configured without a robot of this name' : 'is configured without an app',
      'CHANNEL_MISCONFIGURED',
    ),
  );

/** https://open.dingtalk.com/document/orgapp/customize-robot-security-settings */
function robotSignature(secret: string, at: Date): { timestamp: string; sign: string } {
  const timestamp = String(at.getTime());
  const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  return { timestamp, sign };
}
