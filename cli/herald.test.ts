/** The command as it is called, and what it tells about errors. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { HeraldConnectionError, HeraldRequestError } from '../client/index.ts';
import { processEnvironment } from '../platform/config/environment.ts';
import { SettingsError } from '../platform/config/settings.ts';
import { CommandFailure } from './failure.ts';
import { explain } from './herald.ts';

const bin = fileURLToPath(new URL('./bin.mjs', import.meta.url));
const { PATH = '' } = processEnvironment();

function herald(args: readonly string[], env: Record<string, string> = {}, node: string = process.execPath) {
  const { status, stdout, stderr } = spawnSync(node, [bin, ...args], {
    encoding: 'utf8',
    env: { PATH, HERALD_DATA_DIR: join(tmpdir(), 'herald-of-nobody'), ...env },
  });
  return { status, stdout, stderr };
}

/** A Node on this machine that cannot run TypeScript by itself. */
function olderNode(): string | undefined {
  for (const folder of PATH.split(delimiter).filter((path) => !path.includes('node_modules'))) {
    const node = join(folder, 'node');
    const { status, stdout } = spawnSync(node, ['-p', 'process.versions.node.split(".")[0]'], {
      encoding: 'utf8',
    });
    if (status === 0 && Number(stdout) >= 20 && Number(stdout) < 22) return node;
  }
  return undefined;
}
const older = olderNode();

describe('herald', () => {
  test.each([
    ['--version', /^\d+\.\d+\.\d+\n$/],
    ['--help', /start[\s\S]*send[\s\S]*tail[\s\S]*keys/],
    ['help dead-letters', /--reason[\s\S]*--limit[\s\S]*HERALD_API_KEY/],
    ['help replay', /notification[\s\S]*--delivery/],
    ['help send', /--idempotency-key[\s\S]*HERALD_API_KEY/],
    ['help pull', /--dir[\s\S]*docs\/packages\.md/],
    ['help push', /--publish[\s\S]*--note/],
    ['help diff', /exit code 1[\s\S]*--dir/],
    ['help new-provider', /--channel[\s\S]*--receipts[\s\S]*add-a-provider/],
    ['keys --help', /create-app[\s\S]*create-operator[\s\S]*revoke/],
  ])('%s', (args, text) => {
    expect(herald(args.split(' '))).toEqual({ status: 0, stdout: expect.stringMatching(text), stderr: '' });
  });

  test.each([
    ['nonsense', 2, /unknown command 'nonsense'/],
    ['start --role nobody', 2, /Allowed choices are gateway, notifications/],
    ['send', 2, /^herald: Say what to send: one of --template, --event and --body\.\n$/],
    ['send --to u --body b', 1, /^herald: No Herald runs on .*\n$/],
    ['tail --states gone', 2, /^herald: --states: there is no gone; it is one of QUEUED, .*\n$/],
    ['replay', 2, /missing required argument 'notification'/],
    ['dead-letters --state gone', 2, /^herald: --state: there is no gone; it is one of OPEN, .*\n$/],
    ['dead-letters', 1, /^herald: No Herald runs on .*\n$/],
    ['new-provider x', 2, /required option '--channel <list>' not specified/],
    ['new-provider X --channel SMS', 2, /^herald: "X" cannot be a provider's id: /],
    ['keys create-app a --rate-limit 0', 2, /must be a whole number above 0/],
    ['push --dir .', 1, /^herald: No Herald runs on .*\n$/],
    ['diff --dir .', 2, /^herald: No Herald runs on .*\n$/],
    ['keys', 1, /^herald: No Herald runs on .*\n$/],
    ['start --role scheduler', 1, /^herald: Wrong settings:\n {2}- MONGODB_URI: .*\n {2}- REDIS_URL: .*\n$/],
  ])('%s is wrong: exit code %i', (args, status, stderr) => {
    expect(herald(args.split(' '))).toEqual({ status, stdout: '', stderr: expect.stringMatching(stderr) });
  });

  test('wrong settings stop every command', () => {
    const result = herald(['keys'], { PORT: 'x', HERALD_TYPO: '1' });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/- PORT: .*\n.*- HERALD_TYPO: there is no such setting/);
  });

  test.skipIf(older === undefined)('an older Node starts the one of the npm package', () => {
    expect(herald(['--version'], {}, older)).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\d/),
      stderr: '',
    });
    expect(herald(['send'], {}, older).status).toBe(2);
  });

  test('works from any folder', () => {
    const { status } = spawnSync(process.execPath, [bin, '--version'], {
      cwd: mkdtempSync(join(tmpdir(), 'herald-cwd-')),
    });
    expect(status).toBe(0);
  });
});

describe('explain', () => {
  const request = (extensions: object) =>
    new HeraldRequestError([{ message: 'No.', extensions: { ...extensions } }]);
  test.each([
    [new CommandFailure('No.', 2), 'No.', 2],
    [request({ code: 'BAD_USER_INPUT', field: 'input.to' }), 'BAD_USER_INPUT input.to: No.', 1],
    [request({ code: 'RATE_LIMITED', retryAfterMs: 1_200 }), 'RATE_LIMITED: No. Try again in 2 s.', 1],
    [new HeraldConnectionError('Not there.'), 'Not there.', 1],
    [new SettingsError(['A: wrong']), 'Wrong settings:\n  - A: wrong', 1],
    [
      Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open', path: 'x' }),
      'EACCES: permission denied',
      1,
    ],
    [new CommanderError(0, 'commander.help', ''), '', 0],
    [new CommanderError(1, 'commander.unknownOption', ''), '', 2],
  ])('%s', (error, text, exitCode) => {
    expect(explain(error)).toEqual({ text, exitCode });
  });

  test('a bug keeps its stack', () => {
    expect(explain(new TypeError('x is not a function')).text).toMatch(
      /TypeError: x is not a function\n +at /,
    );
  });
});
