/** What every provider must do, as one suite of tests over its definition and a fixture. Used by tests only. */
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SETTINGS } from '../../platform/config/settings-table.ts';
import {
  CHANNEL_ERROR_CODES,
  type OutgoingMessage,
  type Provider,
  type ProviderDefinition,
  type ProviderDeps,
  type SendOutcome,
} from './contract.ts';
import { cleanUp } from './testing/clean-up.ts';
import { type ConformanceFixture, FAKE_BEHAVIOURS, type FakeBehaviour } from './testing/fake-provider.ts';
import { STRANGE_MESSAGES } from './testing/strange-messages.ts';
import { testDeps } from './testing/test-deps.ts';

const TITLE = 'Größe 你好 👩‍👩‍👧‍👦 سلام e\u0301';
const BODY = 'Ihre Bestellung №7 — 好的 🎉\nשלום, zwölf Boxkämpfer 🇩🇪\n<b>&amp; "quotes" \\ %s {{x}}</b>';

/** Time given to attempts that come to nothing. */
const SILENCE_MS = 300;
/** What may pass on a busy machine until an outcome is there that is there at once. */
const PROMPT_MS = 5_000;

/**
 * Registers the conformance tests of one provider.
 * @param create makes the configured provider from a fake's settings.
 */
export function describeConformance(
  definition: ProviderDefinition,
  fixture: ConformanceFixture,
  create: (settings: Readonly<Record<string, unknown>>, deps: ProviderDeps) => Promise<Provider>,
): void {
  describe(`provider ${definition.id}`, () => {
    const cleanups: (() => Promise<unknown> | undefined)[] = [];
    const logged: string[] = [];
    const outcomes: SendOutcome[] = [];
    const secrets: string[] = [];
    const log = (fields: object, text: string) => void logged.push(`${text} ${inspectFields(fields)}`);

    async function start(behaviour: FakeBehaviour) {
      const fake = await fixture.start(behaviour);
      cleanups.push(() => fake.stop());
      secrets.push(...fake.secrets);
      const provider = await create(fake.settings, {
        ...testDeps({ log: { info: log, warn: log }, account: definition.id }),
        ...fake.deps,
      });
      cleanups.push(() => provider.close?.());
      // Before it is closed: it waits for its attempts, which may have nobody left to end them.
      const over = new AbortController();
      cleanups.push(async () => over.abort());
      const send = async (
        message: Partial<OutgoingMessage> = {},
        signal = AbortSignal.timeout(20_000),
        key = 'key-1',
      ) => {
        const outcome = await provider.send(
          { ...baseMessage(definition), ...fake.recipient, ...message },
          { idempotencyKey: key, signal: AbortSignal.any([signal, over.signal]) },
        );
        outcomes.push(outcome);
        return outcome;
      };
      return { fake, provider, send };
    }

    afterEach(async () => {
      await cleanUp(cleanups.splice(0));
      const told = JSON.stringify(outcomes.splice(0)) + logged.splice(0).join('\n');
      for (const secret of secrets.splice(0)) expect(told).not.toContain(secret);
    });

    /** Ends an attempt once its request is there, the `count`th, which is not answered. */
    async function stopped({ fake, send }: Awaited<ReturnType<typeof start>>, count = 1) {
      const stop = new AbortController();
      const attempt = send({}, stop.signal);
      const there = expect.poll(async () => (await fake.received()).length).toBe(count);
      const early = attempt.then(({ kind }) => `${kind}, before its request was there`);
      expect(await Promise.race([there.then(() => 'under way'), early])).toBe('under way');
      stop.abort();
      return timed(() => attempt);
    }

    const possible = FAKE_BEHAVIOURS.filter((behaviour) => fixture.impossible?.[behaviour] === undefined);
    const itWhen = (behaviour: FakeBehaviour, name: string, test: () => Promise<void>) => {
      if (possible.includes(behaviour)) it(name, test);
    };

    it('has a well-formed definition', () => {
      expect(definition.id).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(definition.name).not.toBe('');
      expect(new Set(definition.channels).size).toBe(definition.channels.length);
      expect(definition.channels.length).toBeGreaterThan(0);
      const form = z.toJSONSchema(definition.config, { io: 'input' });
      expect(form.type).toBe('object');
      const fields = form.properties ?? {};
      for (const field of Object.values(fields)) expect(field).toHaveProperty('title');
      const { settings, fromSettings } = definition;
      expect(settings === undefined).toBe(fromSettings === undefined);
      if (!settings) return;
      expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(settings)));
      for (const setting of Object.values(settings)) expect(Object.keys(SETTINGS)).toContain(setting);
      expect(fromSettings?.({})).toBeUndefined();
    });

    it('says whether it takes receipts', async () => {
      const { provider } = await start(possible[0] ?? 'accept');
      expect(provider.parseReceipts !== undefined).toBe(definition.capabilities.receipts ?? false);
    });

    it.each(fixture.wrongSettings.map((wrong) => [wrong.names, wrong.settings] as const))(
      'names %s when it is wrong',
      async (names, settings) => {
        const deps = testDeps({ log: { info: log, warn: log }, account: definition.id });
        await expect(create(settings, deps)).rejects.toThrow(names);
      },
    );

    it('delivers a message, with all its characters', async () => {
      const { fake, send } = await start('accept');
      const outcome = await send({ title: TITLE, body: BODY });
      expect(outcome.kind).toBe('accepted');
      const [received, ...more] = await fake.received();
      expect(more).toEqual([]);
      expect(received?.title).toBe(TITLE);
      expect(received?.body).toBe(BODY);
    });

    it('delivers many at once, each once', async () => {
      const { fake, send } = await start('accept');
      const bodies = Array.from({ length: 40 }, (_, i) => `message ${i}`);
      const kinds = await Promise.all(
        bodies.map((body, i) => send({ body, delivery: `d${i}` }, undefined, `key-${i}`)),
      );
      expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
      expect((await fake.received()).map(({ body }) => body).sort()).toEqual([...bodies].sort());
    });

    it('passes the idempotency key on, where it claims to be idempotent', async () => {
      const { fake, send } = await start('accept');
      await send({}, undefined, 'same');
      await send({}, undefined, 'same');
      await send({ delivery: 'd2' }, undefined, 'other');
      const [first, second, third] = (await fake.received()).map(({ idempotencyKey }) => idempotencyKey);
      if (definition.capabilities.idempotent) expect(first).toBeDefined();
      expect(second).toBe(first);
      if (first !== undefined) expect(third).not.toBe(first);
    });

    itWhen(
      'silentAfterRequest',
      'says that the message may have been sent when no answer comes',
      async () => {
        const { outcome } = await stopped(await start('silentAfterRequest'));
        expect(outcome).toMatchObject({ kind: 'retryable', code: 'CHANNEL_TIMEOUT', mayHaveSent: true });
      },
    );

    itWhen(
      'silentConnection',
      'says that the message has not been sent when the connection stays silent',
      async () => {
        const { send } = await start('silentConnection');
        const { outcome, tookMs } = await timed(() => send({}, AbortSignal.timeout(SILENCE_MS)));
        expect(outcome).toMatchObject({ kind: 'retryable', code: 'CHANNEL_TIMEOUT', mayHaveSent: false });
        expect(tookMs).toBeLessThan(SILENCE_MS + PROMPT_MS);
      },
    );

    itWhen('refuseConnection', 'says that a refused connection may be tried again', async () => {
      const { send } = await start('refuseConnection');
      expect(await send()).toMatchObject({
        kind: 'retryable',
        code: 'CHANNEL_CONNECTION_FAILED',
        mayHaveSent: false,
      });
    });

    itWhen('malformedAnswer', 'says that an answer was not understood', async () => {
      const { send } = await start('malformedAnswer');
      expect(await send()).toMatchObject({ kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' });
    });

    itWhen('refuseEchoingSecrets', 'tells no secret that a refusal repeats', async () => {
      const { send } = await start('refuseEchoingSecrets');
      const outcome = await send();
      expect(outcome.kind).toBe('permanent');
      // afterEach looks for the secrets in it and in the log.
      expect(outcome).toHaveProperty('message', expect.stringMatching(/\S/));
    });

    it('sends nothing when the attempt is over before it begins', async () => {
      const { fake, send } = await start('accept');
      const { outcome, tookMs } = await timed(() => send({}, AbortSignal.abort()));
      expect(outcome).toMatchObject({ kind: 'retryable', mayHaveSent: false });
      expect(tookMs).toBeLessThan(PROMPT_MS);
      expect(await fake.received()).toEqual([]);
    });

    itWhen('silentAfterRequest', 'stops at once when told to, and works on afterwards', async () => {
      const started = await start('silentAfterRequest');
      const { outcome, tookMs } = await stopped(started);
      expect(outcome).toMatchObject({ kind: 'retryable', mayHaveSent: true });
      expect(tookMs).toBeLessThan(PROMPT_MS);
      expect((await stopped(started, 2)).outcome).toMatchObject({ kind: 'retryable', mayHaveSent: true });
    });

    it('answers every message with an outcome and never throws', async () => {
      const { send } = await start('accept');
      for (const message of STRANGE_MESSAGES) {
        const outcome = await send(message);
        expect(['accepted', 'retryable', 'rateLimited', 'permanent', 'invalidRecipient']).toContain(
          outcome.kind,
        );
        if ('code' in outcome) {
          expect(CHANNEL_ERROR_CODES).toContain(outcome.code);
          expect(outcome.code, JSON.stringify(message).slice(0, 200)).not.toBe('CHANNEL_INTERNAL');
        }
      }
      expect((await send({ body: 'still working' })).kind).toBe('accepted');
    });

    it('lets go of its connections when closed, and then refuses to send', async () => {
      const { fake, provider, send } = await start('accept');
      expect((await send()).kind).toBe('accepted');
      await provider.close?.();
      await expect.poll(() => fake.openConnections()).toBe(0);
      if (provider.close) expect(await send()).toMatchObject({ kind: 'retryable', mayHaveSent: false });
      await provider.close?.();
    });

    it('listens for receipts until it is told to end, if it does', async () => {
      for (const behaviour of ['accept', 'silentConnection', 'refuseConnection'] as const) {
        if (!possible.includes(behaviour)) continue;
        const { provider } = await start(behaviour);
        if (!provider.listener) return;
        const stop = new AbortController();
        const run = provider.listener.run({
          take: async () => undefined,
          ready: () => undefined,
          signal: stop.signal,
        });
        // Before the signal it may say that its source is away, behind it nothing.
        const before = await Promise.race([
          run.then(() => 'ended').catch(() => 'lost'),
          new Promise((resolve) => setTimeout(() => resolve('listens'), SILENCE_MS)),
        ]);
        expect(before).not.toBe('ended');
        stop.abort();
        if (before === 'listens') await expect(run).resolves.toBeUndefined();
      }
    });

    it('says whether the other side is well, if it can', async () => {
      const well = await start('accept');
      if (!well.provider.health) return;
      expect(await well.provider.health(AbortSignal.timeout(20_000))).toEqual({ ok: true });
      for (const behaviour of ['refuseConnection', 'silentConnection', 'refuseEchoingSecrets'] as const) {
        if (!possible.includes(behaviour)) continue;
        const { provider } = await start(behaviour);
        const health = await provider.health?.(AbortSignal.timeout(SILENCE_MS));
        expect(health).toEqual({ ok: false, message: expect.stringMatching(/\S/) });
        logged.push(JSON.stringify(health));
      }
    });
  });
}

const baseMessage = (definition: ProviderDefinition): OutgoingMessage => ({
  workspace: 'default',
  channel: definition.channels[0] ?? 'WEBHOOK',
  address: '',
  notification: 'n1',
  delivery: 'd1',
  priority: 'MEDIUM',
  locale: 'en',
  title: 'Hello',
  body: 'A message.',
});

async function timed(run: () => Promise<SendOutcome>): Promise<{ outcome: SendOutcome; tookMs: number }> {
  const from = performance.now();
  const outcome = await run();
  return { outcome, tookMs: performance.now() - from };
}

const inspectFields = (fields: object): string =>
  JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? { ...value, message: value.message, stack: value.stack } : value,
  );
