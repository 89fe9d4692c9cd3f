/** TELEGRAM by the Bot API (https://core.telegram.org/bots/api). */
import { z } from 'zod';
import type { Provider, ProviderDefinition, SendOutcome } from '../contract.ts';
import { baseUrlSchema, createVendorHttp, healthOf } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { type ClassifiedTelegramAnswer, classifyTelegramAnswer } from './classify-answer.ts';
import { chatIdOf, TEXT_CHARS, type TelegramCall, telegramCall, telegramPart } from './message-request.ts';

const config = z.object({
  botToken: z
    .string()
    .regex(/^\d{3,20}:[\w-]{20,100}$/, 'must be a token of @BotFather: 123456:ABC…')
    .meta({ title: 'Bot token', secret: true }),
  baseUrl: baseUrlSchema('https://api.telegram.org'),
});

export const telegram = {
  id: 'telegram',
  name: 'Telegram',
  channels: ['TELEGRAM'],
  config,
  capabilities: { idempotent: false, html: false },
  limits: { bodyChars: TEXT_CHARS },
  create({ botToken, baseUrl }, { now }): Provider {
    const http = createVendorHttp({ name: 'Telegram', baseUrl, now });
    // The token is part of the path, which is never logged or told.
    const pathOf = (method: string) => `/bot${botToken}/${method}`;

    async function call(
      { method, body }: TelegramCall,
      signal: AbortSignal,
    ): Promise<ClassifiedTelegramAnswer> {
      const asked = await http.request({
        path: pathOf(method),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      });
      return 'failed' in asked ? { outcome: asked.failed } : classifyTelegramAnswer(asked.answer);
    }

    return {
      async send(message, { signal }): Promise<SendOutcome> {
        const chat = chatIdOf(message.address);
        if (chat === undefined) return NO_CHAT;
        const given = vendorPart(message, 'telegram', telegramPart);
        if ('wrong' in given) return given.wrong;
        const part = given.part ?? telegramPart.parse({});
        const first = telegramCall(message, part, chat);
        if ('wrong' in first) return first.wrong;
        const { outcome, again } = await call(first, signal);
        if (again === undefined) return outcome;
        // Telegram refused this call before it sent anything, and said what would go.
        const second =
          again === 'withoutPhoto'
            ? telegramCall(message, part, chat, false)
            : telegramCall(message, part, again.chat);
        return 'wrong' in second ? second.wrong : (await call(second, signal)).outcome;
      },
      async health(signal) {
        const asked = await http.request({ method: 'GET', path: pathOf('getMe'), signal });
        return healthOf('failed' in asked ? asked.failed : classifyTelegramAnswer(asked.answer).outcome);
      },
      close: () => http.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

const NO_CHAT: SendOutcome = {
  kind: 'invalidRecipient',
  code: 'CHANNEL_ADDRESS_INVALID',
  message: 'The address must be the number of a Telegram chat, or the @name of a public one.',
};
