/** The `herald` command. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { HeraldConnectionError, HeraldRequestError } from '../client/index.ts';
import { processEnvironment } from '../platform/config/environment.ts';
import { ROLES } from '../platform/config/roles.ts';
import { loadSettings, SettingsError } from '../platform/config/settings.ts';
import { DataFolderInUseError } from '../platform/data-services/data-folder-lock.ts';
import { DataServicesError } from '../platform/data-services/provide-data-services.ts';
import type { CommandContext } from './context.ts';
import { type DeadLettersFlags, listDeadLetters, replay } from './dead-letters/dead-letters.ts';
import { CommandFailure } from './failure.ts';
import { KeysCommand, type KeysFlags } from './keys/keys.ts';
import type { NewProviderFlags } from './new-provider/new-provider-plan.ts';
import { diff, type PackagesFlags, type PushFlags, pull, push } from './packages/packages.ts';
import { send } from './send/send.ts';
import { type StartFlags, supergraphFlags } from './start/supergraph-flags.ts';
import { type TailFlags, tail } from './tail/tail.ts';

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

const CONNECTION_HELP = `
Without --url and HERALD_URL it talks to the Herald that runs on the data folder (HERALD_DATA_DIR), and without
--api-key and HERALD_API_KEY it uses that one's operator key.`;

/** Further values are collected, also from a list with commas. */
const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];
const collectList = (value: string, previous: readonly string[] = []): string[] => [
  ...previous,
  ...value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
];
function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

const withConnection = (command: Command): Command =>
  command
    .option('--url <url>', 'where Herald is (HERALD_URL)')
    .option(
      '--api-key <key>',
      'an API key or operator key (HERALD_API_KEY; shown to other users of this machine when given here)',
    )
    .option('--json', 'answer in JSON')
    .addHelpText('after', CONNECTION_HELP);

/** All commands. The actions run when it is parsed. */
export function heraldProgram(context: CommandContext): Command {
  const settings = () => loadSettings(context.env);
  const program = new Command('herald')
    .description('Notifications for everything: one graph in front of every channel.')
    .version(version())
    .showHelpAfterError('(herald --help tells more)')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .exitOverride();

  program
    .command('start')
    .description('run Herald: everything on this machine, or a single role')
    .addOption(new Option('--role <role>', 'run this role alone, on given data services').choices(ROLES))
    .option('--supergraph <file>', 'with --role gateway: serve this supergraph; read again when it changes')
    .option(
      '--subgraph <name=url>',
      'with --role gateway: compose the supergraph from these subgraphs, asked every 10 s; may be repeated',
      collect,
    )
    .addOption(
      new Option(
        '--auth <how>',
        'who may call a supergraph: herald (keys and tokens), or none: the subgraphs decide',
      ).choices(['herald', 'none']),
    )
    .action(async ({ role, ...flags }: StartFlags) => {
      const supergraph = supergraphFlags(role, flags);
      if (role !== undefined) {
        const { runRole } = await import('./start/run-role.ts');
        await runRole(role, settings(), { mode: 'single', ...(supergraph && { supergraph }) });
        return;
      }
      const { startSupervisor } = await import('./start/supervisor.ts');
      await startSupervisor({ env: context.env, output: context.stdout, version: version() });
    });

  withConnection(program.command('send').description('send a notification'))
    .option('--to <user>', 'a user; may be repeated', collect)
    .option('--group <group>', 'a group; may be repeated', collect)
    .option(
      '--address <channel:address>',
      'an address, for example EMAIL:ada@example.com; may be repeated',
      collect,
    )
    .option('--template <id>', 'a published template')
    .option('--event <type>', 'an event type with a published route')
    .option('--title <text>', 'the title that goes with --body')
    .option('--body <text>', 'the message itself, where there is no template')
    .option('--data <json>', 'variables of the template')
    .option('--channel <channel>', 'a channel; may be repeated, or a list with commas', collectList)
    .option('--priority <priority>', 'HIGH, MEDIUM or LOW')
    .option('--category <category>', 'the preference category')
    .option('--send-at <time>', 'not before this time (RFC 3339)')
    .option('--expires-at <time>', 'not after this time (RFC 3339)')
    .option('--idempotency-key <key>', 'a repeat with the same key and input sends nothing more')
    .action((flags) => send(flags, settings(), context));

  withConnection(program.command('tail').description('show deliveries as they happen; needs an operator key'))
    .option('--app <id>', 'only those of one app')
    .option('--channels <list>', 'only these channels, with commas', collectList)
    .option('--states <list>', 'only these states, with commas', collectList)
    .action(async (flags: TailFlags) => {
      const end = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
      await tail(flags, settings(), context, end.signal);
    });

  withConnection(
    program.command('dead-letters').description('list what failed for good, newest first; the open ones'),
  )
    .option('--state <list>', 'OPEN, REPLAYED, DISCARDED or SUPERSEDED, with commas', collectList)
    .option('--channel <list>', 'only these channels, with commas', collectList)
    .option('--reason <list>', 'only these error codes, with commas', collectList)
    .option('--app <id>', 'only those of one app')
    .option('--notification <id>', 'only those of one notification')
    .option('--limit <count>', 'at most so many (25)', positiveInteger)
    .action((flags: DeadLettersFlags) => listDeadLetters(flags, settings(), context));

  withConnection(
    program.command('replay <notification>').description('send what failed of a notification again'),
  )
    .option('--delivery <id>', 'this delivery instead; may be repeated', collect)
    .action((id: string, flags: Parameters<typeof replay>[1]) => replay(id, flags, settings(), context));

  const keys = program
    .command('keys')
    .description('apps, their API keys, and operator keys; needs an operator key');
  const keysCommand = (command: Command) => {
    const flags = command.optsWithGlobals<KeysFlags>();
    return new KeysCommand(flags, settings(), context);
  };
  withConnection(keys.command('list', { isDefault: true }).description('all of them, without their secrets'))
    .option('--revoked', 'revoked ones too')
    .action((flags: { revoked?: boolean }, command: Command) =>
      keysCommand(command).list(flags.revoked ?? false),
    );
  withConnection(keys.command('create-app <name>').description('a calling system, with its first API key'))
    .option('--rate-limit <perSecond>', 'notifications per second that it may send', positiveInteger)
    .action((name: string, flags: { rateLimit?: number }, command: Command) =>
      keysCommand(command).createApp(name, flags.rateLimit),
    );
  withConnection(
    keys.command('create <app> <name>').description('a further API key for an app, to replace another'),
  ).action((app: string, name: string, _flags: unknown, command: Command) =>
    keysCommand(command).createApiKey(app, name),
  );
  withConnection(keys.command('create-operator <name>').description('an operator key')).action(
    (name: string, _flags: unknown, command: Command) => keysCommand(command).createOperatorKey(name),
  );
  withConnection(keys.command('revoke <id>').description('make a key useless, at once')).action(
    (id: string, _flags: unknown, command: Command) => keysCommand(command).revoke(id),
  );

  const FILES_HELP = '\nThe files, and how a CI reviews and deploys them: docs/packages.md.';
  withConnection(
    program
      .command('pull [packages...]')
      .description('write packages into files; all of them where none is named'),
  )
    .requiredOption('--dir <folder>', 'where their folders are')
    .addHelpText('after', FILES_HELP)
    .action((ids: string[], flags: PackagesFlags) => pull(ids, flags, settings(), context));
  withConnection(
    program
      .command('push [packages...]')
      .description('make packages what their files say, as drafts; needs an operator key'),
  )
    .requiredOption('--dir <folder>', 'where their folders are')
    .option('--publish', 'publish each that has changed')
    .option('--note <text>', 'why, for the history; with --publish')
    .addHelpText('after', FILES_HELP)
    .action((ids: string[], flags: PushFlags) => push(ids, flags, settings(), context));
  withConnection(
    program
      .command('diff [packages...]')
      .description(
        'show what a push would change; exit code 1 when there is anything, 2 when it fails; needs an operator key',
      ),
  )
    .requiredOption('--dir <folder>', 'where their folders are')
    .addHelpText('after', FILES_HELP)
    .action(async (ids: string[], flags: PackagesFlags) => {
      let differences: number;
      try {
        differences = await diff(ids, flags, settings(), context);
      } catch (error) {
        // As of diff(1): whoever asks must not take a failure for a difference.
        throw new CommandFailure(explain(error).text, 2, { cause: error });
      }
      if (differences > 0)
        throw new CommandFailure(differences === 1 ? '1 file differs.' : `${differences} files differ.`);
    });

  program
    .command('new-provider <id>')
    .description('write the folder of a new provider, ready to run; in a checkout of Herald')
    .requiredOption('--channel <list>', 'the channels it serves, with commas; MOBILE_PUSH alone', collectList)
    .option('--name <name>', 'the vendor, for people; from the id without it')
    .option('--receipts', 'it takes what the vendor tells later of its messages')
    .addHelpText('after', '\nThe guide is docs/add-a-provider.md.')
    .action(async (id: string, flags: NewProviderFlags) => {
      const { createProviderFolder } = await import('./new-provider/new-provider.ts');
      await createProviderFolder(id, flags, context.stdout);
    });
  return program;
}

/** What to tell a person about an error, and the exit code: 2 for a wrong call, 1 for all else. */
export function explain(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof CommanderError) return { text: '', exitCode: error.exitCode === 0 ? 0 : 2 };
  if (error instanceof CommandFailure) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof HeraldRequestError) {
    const wait =
      error.retryAfterMs === undefined ? '' : ` Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.`;
    const where = [error.code, error.field].filter(Boolean).join(' ');
    return { text: `${where}: ${error.message}${wait}`, exitCode: 1 };
  }
  const known = [SettingsError, DataFolderInUseError, DataServicesError, HeraldConnectionError];
  if (known.some((kind) => error instanceof kind) || isOfFile(error))
    return { text: (error as Error).message, exitCode: 1 };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: 1 };
}

/** The system's own: `EACCES: permission denied, open 'orders/package.yaml'`. */
const isOfFile = (error: unknown): boolean => error instanceof Error && 'syscall' in error && 'path' in error;

/** Runs the command line. The process ends by itself when the command is done; a failed one ends it here. */
export async function main(argv: readonly string[]): Promise<void> {
  // The process that runs this one with a newer Node, if any: without it there is nobody to take the exit code.
  if (process.connected) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    process.channel?.unref();
  }
  // `herald tail | head`
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const context: CommandContext = {
    env: processEnvironment(),
    stdout: process.stdout,
    stderr: process.stderr,
  };
  try {
    await heraldProgram(context).parseAsync([...argv]);
  } catch (error) {
    const { text, exitCode } = explain(error);
    if (text !== '') process.stderr.write(`herald: ${text}\n`);
    // Not process.exitCode: a role that failed in the middle of its start may hold the process open.
    process.exit(exitCode);
  }
}
