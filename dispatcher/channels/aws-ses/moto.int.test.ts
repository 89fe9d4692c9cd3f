/**
 * Against moto's SES (https://docs.getmoto.org/en/latest/docs/services/sesv2.html), an implementation that is not ours:
 * `pip install 'moto[server]'`. Where `moto_server` is not on PATH, nothing is tested here.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Provider } from '../contract.ts';
import { testDeps } from '../testing/test-deps.ts';
import { awsSes } from './provider.ts';

const MOTO = 'moto_server';
const absent = spawnSync(MOTO, ['--help']).error !== undefined;
const REGION = 'eu-central-1';
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) };
const kept = z.object({
  ses: z.object({
    Message: z.array(
      z.object({
        id: z.string(),
        subject: z.string(),
        source: z.string(),
        body: z.string(),
        destinations: z.object({ ToAddresses: z.array(z.string()) }),
      }),
    ),
  }),
});

describe.skipIf(absent)("moto's SES", () => {
  let moto: ChildProcess;
  let origin = '';
  let provider: Provider;

  beforeAll(async () => {
    moto = spawn(MOTO, ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    if (moto.stderr)
      for await (const line of createInterface({ input: moto.stderr })) {
        origin = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1] ?? '';
        if (origin !== '') break;
      }
    moto.stderr?.resume();
    provider = await awsSes.create(
      awsSes.config.parse({
        region: REGION,
        ...credentials,
        from: 'Grüße <herald@example.com>',
        baseUrl: origin,
      }),
      testDeps(),
    );
  });
  afterAll(async () => {
    await provider.close?.();
    const ended = once(moto, 'exit');
    moto.kill();
    await ended;
  });

  const send = () =>
    provider.send(
      {
        workspace: 'default',
        channel: 'EMAIL',
        address: 'ada@example.org',
        notification: 'n1',
        delivery: 'd1',
        priority: 'MEDIUM',
        locale: 'de',
        title: 'Größe 你好 🎉',
        body: 'Hallo',
        html: '<p>Hallo 你好</p>',
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(30_000) },
    );

  it('sends for a sender that is verified, and says so of one that is not', async () => {
    expect(await send()).toMatchObject({ kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' });
    const admin = new SESv2Client({ region: REGION, endpoint: origin, credentials });
    await admin.send(new CreateEmailIdentityCommand({ EmailIdentity: 'herald@example.com' }));
    admin.destroy();
    const outcome = await send();
    const { ses } = kept.parse(await (await fetch(`${origin}/moto-api/data.json`)).json());
    expect(ses.Message).toEqual([
      {
        id: expect.any(String),
        subject: 'Größe 你好 🎉',
        source: '=?UTF-8?B?R3LDvMOfZQ==?= <herald@example.com>',
        body: '<p>Hallo 你好</p>',
        destinations: { ToAddresses: ['ada@example.org'] },
      },
    ]);
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: ses.Message[0]?.id });
  });
});
