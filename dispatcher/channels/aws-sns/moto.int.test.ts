/**
 * Against moto (https://docs.getmoto.org), AWS's APIs as another implementation reads them. It is not installed with
 * Herald: `pip install 'moto[server]'`, with `moto_server` on PATH or its path in MOTO_SERVER.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  CreatePlatformApplicationCommand,
  CreatePlatformEndpointCommand,
  DeleteEndpointCommand,
  SetEndpointAttributesCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OutgoingMessage, Provider } from '../contract.ts';
import { testDeps } from '../testing/test-deps.ts';
import { awsSns } from './provider.ts';

const command = process.env.MOTO_SERVER ?? 'moto_server';
const isThere = spawnSync(command, ['--help'], { stdio: 'ignore' }).status === 0;
if (!isThere) console.log(`aws-sns: not tested against moto: there is no ${command}`);

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 's'.repeat(40) };
const region = 'eu-central-1';

/** What moto shows of its state. */
const state = z.object({
  sns: z.object({
    SMS: z.array(z.object({ phone_number: z.string(), message: z.string() })).default([]),
    PlatformEndpoint: z
      .array(z.object({ arn: z.string(), messages: z.record(z.string(), z.string()) }))
      .default([]),
  }),
});

describe.skipIf(!isThere)('aws-sns provider against moto', () => {
  let moto: ChildProcess;
  let origin = '';
  let sns: SNSClient;
  let provider: Provider;

  beforeAll(async () => {
    moto = spawn(command, ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    origin = await originOf(moto);
    sns = new SNSClient({ region, endpoint: origin, credentials });
    provider = await awsSns.create(
      awsSns.config.parse({ region, ...credentials, baseUrl: origin }),
      testDeps(),
    );
  });
  afterAll(async () => {
    await provider?.close?.();
    sns?.destroy();
    if (moto.exitCode === null && moto.kill()) await once(moto, 'exit');
  });

  const send = (message: Pick<OutgoingMessage, 'channel' | 'address'>) =>
    provider.send(
      {
        workspace: 'default',
        notification: 'n1',
        delivery: 'd1',
        priority: 'HIGH',
        locale: 'de',
        title: 'Größe',
        body: 'Grüße 🎉 & <b>"+"</b>',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(30_000) },
    );
  const seen = async () => state.parse(await (await fetch(`${origin}/moto-api/data.json`)).json()).sns;
  async function endpoint(Platform: string): Promise<string> {
    const { PlatformApplicationArn } = await sns.send(
      new CreatePlatformApplicationCommand({
        Name: 'shop',
        Platform,
        Attributes: { PlatformCredential: 'x', PlatformPrincipal: 'x' },
      }),
    );
    const { EndpointArn = '' } = await sns.send(
      new CreatePlatformEndpointCommand({
        PlatformApplicationArn,
        Token: `token-${Platform}-${Math.random()}`,
      }),
    );
    return EndpointArn;
  }

  it('is well', async () => {
    expect(await provider.health?.(AbortSignal.timeout(30_000))).toEqual({ ok: true });
  });

  it('sends an SMS', async () => {
    expect(await send({ channel: 'SMS', address: '+491701234567' })).toEqual({
      kind: 'accepted',
      providerMessageId: expect.stringMatching(/^[\w-]{36}$/),
    });
    expect((await seen()).SMS).toContainEqual({
      phone_number: '+491701234567',
      message: 'Größe\nGrüße 🎉 & <b>"+"</b>',
    });
  });

  it.each(['GCM', 'APNS', 'APNS_SANDBOX', 'ADM'])('sends to a device of %s', async (platform) => {
    const address = await endpoint(platform);
    expect(awsSns.takes(address)).toBe(true);
    const outcome = await send({ channel: 'MOBILE_PUSH', address });
    expect(outcome.kind).toBe('accepted');
    const { providerMessageId = '' } = outcome.kind === 'accepted' ? outcome : {};
    const device = (await seen()).PlatformEndpoint.find(({ arn }) => arn === address);
    const payloads = z
      .record(z.string(), z.string())
      .parse(JSON.parse(device?.messages[providerMessageId] ?? ''));
    expect(payloads.default).toBe('Größe\nGrüße 🎉 & <b>"+"</b>');
    expect(JSON.stringify(JSON.parse(payloads[platform] ?? ''))).toContain('"title":"Größe"');
  });

  it('knows a device that is disabled, and one that is deleted, to be gone', async () => {
    const gone = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' };
    const disabled = await endpoint('GCM');
    await sns.send(
      new SetEndpointAttributesCommand({ EndpointArn: disabled, Attributes: { Enabled: 'false' } }),
    );
    expect(await send({ channel: 'MOBILE_PUSH', address: disabled })).toMatchObject(gone);
    const deleted = await endpoint('APNS');
    await sns.send(new DeleteEndpointCommand({ EndpointArn: deleted }));
    expect(await send({ channel: 'MOBILE_PUSH', address: deleted })).toMatchObject(gone);
  });
});

/** Where moto says that it listens. */
const originOf = (moto: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    moto.stderr?.on('data', (chunk) => {
      said += String(chunk);
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    moto.once('exit', () => reject(new Error(`moto ended: ${said}`)));
  });
