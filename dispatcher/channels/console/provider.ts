/** Messages of any channel as lines of Herald's log: for development, and for channels that must not go out. */
import { z } from 'zod';
import {
  PROVIDER_CHANNELS,
  type Provider,
  type ProviderDefinition,
  type SendOutcome,
  stoppedOutcome,
} from '../contract.ts';

const config = z.object({
  channels: z
    .array(z.enum(PROVIDER_CHANNELS))
    .min(1)
    .meta({ title: 'Channels', description: 'Whose messages are logged in the place of being sent' }),
  content: z.boolean().default(true).meta({
    title: 'Log the content',
    description: 'Title, text, link and picture; not only that there was a message',
  }),
});

export const consoleLog = {
  id: 'console',
  name: 'Console',
  channels: PROVIDER_CHANNELS,
  config,
  installation: true,
  capabilities: { idempotent: false, html: true },
  limits: {},
  serves: ({ channels }) => channels,
  create({ content }, { log }): Provider {
    return {
      async send(message, { signal }): Promise<SendOutcome> {
        if (signal.aborted) return stoppedOutcome(signal, false);
        const { channel, address, notification, delivery, title, body, url, imageUrl } = message;
        log.info(
          {
            channel,
            address,
            notification,
            delivery,
            ...(content && {
              ...(title !== undefined && { title }),
              body,
              ...(url !== undefined && { url }),
              ...(imageUrl !== undefined && { imageUrl }),
            }),
          },
          'A message for the console',
        );
        return { kind: 'accepted' };
      },
    };
  },
} satisfies ProviderDefinition<typeof config>;
