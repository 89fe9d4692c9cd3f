/** QQ: messages of a bot to users, groups and channels (bot API v2). */
import { z } from 'zod';
import { type Provider, type ProviderDefinition, stoppedOutcome } from '../contract.ts';
import {
  healthOfToken,
  type MadeToken,
  type TokenAttempt,
  withAccessToken,
} from '../network/access-token.ts';
import { malformedAddress } from '../network/vendor-errors.ts';
import { baseUrlSchema, createVendorHttp } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifySendAnswer, classifyTokenAnswer, uploadedPicture } from './classify-answer.ts';
import { parseQqAddress, qqPart, qqRequest, takesUploads } from './message-body.ts';

const NAME = 'QQ';

const config = z.object({
  appId: z.string().regex(/^\d+$/, 'must be the number of the bot').meta({ title: 'App id' }),
  clientSecret: z.string().min(1).meta({ title: 'App secret', secret: true }),
  baseUrl: baseUrlSchema('https://api.sgroup.qq.com'),
  tokenBaseUrl: baseUrlSchema('https://bots.qq.com').meta({ title: 'Address for access tokens' }),
});

export const qq = {
  id: 'qq',
  name: NAME,
  channels: ['QQ'],
  config,
  capabilities: { idempotent: false, html: false },
  limits: {},
  create({ appId, clientSecret, baseUrl, tokenBaseUrl }, { now, shared }): Provider {
    const http = createVendorHttp({ name: NAME, baseUrl, now });
    const tokenHttp = createVendorHttp({ name: NAME, baseUrl: tokenBaseUrl, now });
    const json = { 'content-type': 'application/json' };

    async function makeToken(signal: AbortSignal): Promise<MadeToken> {
      const body = JSON.stringify({ appId, clientSecret });
      const asked = await tokenHttp.request({ path: '/app/getAppAccessToken', headers: json, body, signal });
      return 'failed' in asked ? asked : classifyTokenAnswer(asked.answer);
    }

    const post = (token: string, path: string, body: object, signal: AbortSignal) =>
      http.request({
        path,
        headers: { ...json, authorization: `QQBot ${token}` },
        body: JSON.stringify(body),
        signal,
      });

    return {
      async send(message, { idempotencyKey, signal }) {
        const target = parseQqAddress(message.address);
        if (!target)
          return malformedAddress(
            'The address is none of <openid>, group:<openid>, channel:<id> and dm:<id>.',
          );
        const found = vendorPart(message, qq.id, qqPart);
        if ('wrong' in found) return found.wrong;
        const { part } = found;

        const attempt = async (token: string): Promise<TokenAttempt> => {
          let picture: string | undefined;
          const { imageUrl } = message;
          if (imageUrl !== undefined && takesUploads(target) && part?.markdown === undefined) {
            const upload = { file_type: 1, url: imageUrl, srv_send_msg: false };
            const asked = await post(token, `${target.path}/files`, upload, signal);
            if (signal.aborted) return stoppedOutcome(signal, false);
            if ('answer' in asked) {
              if (asked.answer.status === 401) return classifySendAnswer(asked.answer);
              picture = uploadedPicture(asked.answer);
            }
            // A picture that cannot be had costs no message.
          }
          const body = qqRequest(message, target, idempotencyKey, part, picture);
          const asked = await post(token, `${target.path}/messages`, body, signal);
          return 'failed' in asked ? asked.failed : classifySendAnswer(asked.answer);
        };

        return withAccessToken(
          { shared, name: 'access-token', now, signal },
          () => makeToken(signal),
          attempt,
        );
      },
      health: async (signal) => healthOfToken(await makeToken(signal)),
      async close() {
        await Promise.all([http.close(), tokenHttp.close()]);
      },
    };
  },
} satisfies ProviderDefinition<typeof config>;
