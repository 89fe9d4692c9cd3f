/** SMS and MOBILE_PUSH (platform endpoints) through AWS SNS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). */
import { z } from 'zod';
import { type Provider, type ProviderDefinition, type SendOutcome, stoppedOutcome } from '../contract.ts';
import { awsHandler } from '../network/aws-handler.ts';
import { createVendorHttp, notUnderstood } from '../network/vendor-http.ts';
import { vendorPart } from '../network/vendor-part.ts';
import { classifySnsFailure, type SnsFailure } from './classify-failure.ts';
import { isEndpointArn, publishInput, snsPart } from './publish-input.ts';

const config = z
  .object({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}$/, 'must be a region such as eu-central-1')
      .meta({ title: 'Region' }),
    accessKeyId: z
      .string()
      .regex(/^\w{16,128}$/, 'must be an access key ID such as AKIA…')
      .optional()
      .meta({
        title: 'Access key ID',
        description: 'Without it, the credentials of the machine or its role',
      }),
    secretAccessKey: z.string().min(1).optional().meta({ title: 'Secret access key', secret: true }),
    senderId: z
      .string()
      .regex(/^(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$/, 'must be 1 to 11 letters and digits, one letter at least')
      .optional()
      .meta({ title: 'Sender of SMS', description: 'A name, where the country allows one' }),
    originationNumber: z
      .string()
      .regex(/^\+?\d{3,15}$/, 'must be a number such as +491701234567, or a short code')
      .optional()
      .meta({ title: 'Origination number of SMS' }),
    maxPriceUsd: z
      .number()
      .positive()
      .optional()
      .meta({ title: 'Highest price of an SMS', description: 'In US dollars; dearer ones are not sent' }),
    baseUrl: z
      .url({ protocol: /^https?$/, error: 'must be a URL that starts with https:// (or http://)' })
      .optional()
      .meta({ title: 'API address', description: 'Another one for a VPC endpoint or a proxy' }),
  })
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
    {
      path: ['secretAccessKey'],
      error: 'accessKeyId and secretAccessKey go together',
    },
  );

export const awsSns = {
  id: 'aws-sns',
  name: 'AWS SNS',
  channels: ['SMS', 'MOBILE_PUSH'],
  config,
  capabilities: { idempotent: false, html: false },
  limits: {},
  takes: (address) => address.startsWith('+') || isEndpointArn(address),
  async create(settings, { now }): Promise<Provider> {
    const { SNSClient, PublishCommand, GetSMSAttributesCommand } = await import('@aws-sdk/client-sns');
    const { region, accessKeyId, secretAccessKey, baseUrl = endpointOf(region) } = settings;
    const http = createVendorHttp({ name: 'SNS', baseUrl: new URL(baseUrl).origin, now });
    // Its answers are XML, of which the SDK's errors tell the status even where it is no answer of SNS's.
    const handler = awsHandler('SNS', http, () => true);
    const client = new SNSClient({
      region,
      endpoint: baseUrl,
      // One attempt: Herald tries again by itself.
      maxAttempts: 1,
      requestHandler: handler,
      ...(accessKeyId !== undefined &&
        secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
    });
    const outcomeOf = (error: unknown, signal: AbortSignal): SendOutcome =>
      handler.outcomeOf(signal) ??
      (signal.aborted
        ? stoppedOutcome(signal, handler.hasBegun(signal))
        : classifySnsFailure(failureOf(error)));
    return {
      async send(message, { idempotencyKey, signal }): Promise<SendOutcome> {
        const own = vendorPart(message, 'aws-sns', snsPart);
        if ('wrong' in own) return own.wrong;
        const made = publishInput(message, { ...settings, idempotencyKey, now: now() }, own.part);
        if ('wrong' in made) return made.wrong;
        try {
          const { MessageId } = await client.send(new PublishCommand(made.input), { abortSignal: signal });
          return MessageId === undefined
            ? notUnderstood('SNS')
            : { kind: 'accepted', providerMessageId: MessageId };
        } catch (error) {
          return outcomeOf(error, signal);
        }
      },
      async health(signal) {
        try {
          await client.send(new GetSMSAttributesCommand({ attributes: ['DefaultSMSType'] }), {
            abortSignal: signal,
          });
          return { ok: true };
        } catch (error) {
          // Credentials that may do nothing but publish are good ones.
          if (failureOf(error).name === 'AuthorizationErrorException') return { ok: true };
          const outcome = outcomeOf(error, signal);
          return { ok: false, message: 'message' in outcome ? outcome.message : 'SNS refused.' };
        }
      },
      async close() {
        await http.close();
        client.destroy();
      },
    };
  },
} satisfies ProviderDefinition<typeof config>;

/** https://docs.aws.amazon.com/general/latest/gr/sns.html */
const endpointOf = (region: string): string =>
  `https://sns.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

const thrown = z.object({
  name: z.string(),
  message: z.string(),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
});

function failureOf(error: unknown): SnsFailure {
  const { name, message, $metadata } = thrown.safeParse(error).data ?? { name: '', message: '' };
  return { name, message, status: $metadata?.httpStatusCode };
}
