/** From the flags of `herald send` to the input of `sendNotification`. */
import type { SendInput } from '../../client/index.ts';
import { messageOf } from '../../platform/errors/message-of.ts';
import { CHANNELS, type Channel, PRIORITIES, type Priority } from '../../platform/graphql/contract-enums.ts';
import { CommandFailure } from '../failure.ts';

export interface SendFlags {
  readonly to?: readonly string[];
  readonly group?: readonly string[];
  readonly address?: readonly string[];
  readonly template?: string;
  readonly event?: string;
  readonly title?: string;
  readonly body?: string;
  readonly data?: string;
  readonly channel?: readonly string[];
  readonly priority?: string;
  readonly category?: string;
  readonly sendAt?: string;
  readonly expiresAt?: string;
  readonly idempotencyKey?: string;
}

/** @throws CommandFailure (2) that names the flag. The rest is for Herald to judge. */
export function sendInput(flags: SendFlags): SendInput {
  const what = [flags.template, flags.event, flags.body].filter((value) => value !== undefined);
  if (what.length !== 1)
    throw new CommandFailure('Say what to send: one of --template, --event and --body.', 2);
  if (flags.title !== undefined && flags.body === undefined)
    throw new CommandFailure('--title goes with --body: a template has its own.', 2);
  const to = [
    ...(flags.to ?? []).map((user) => ({ user })),
    ...(flags.group ?? []).map((group) => ({ group })),
    ...(flags.address ?? []).map(parseAddress),
  ];
  if (to.length === 0 && flags.event === undefined)
    throw new CommandFailure('Say to whom: --to USER, --group GROUP or --address CHANNEL:ADDRESS.', 2);
  return {
    ...(flags.template !== undefined && { template: flags.template }),
    ...(flags.event !== undefined && { event: flags.event }),
    ...(flags.body !== undefined && {
      content: { body: flags.body, ...(flags.title !== undefined && { title: flags.title }) },
    }),
    ...(to.length > 0 && { to }),
    ...(flags.data !== undefined && { data: parseJson(flags.data) }),
    ...(flags.channel !== undefined && {
      channels: flags.channel.map((name) => oneOf('--channel', name, CHANNELS)),
    }),
    ...(flags.priority !== undefined && {
      priority: oneOf('--priority', flags.priority, PRIORITIES) satisfies Priority,
    }),
    ...(flags.category !== undefined && { category: flags.category }),
    ...(flags.sendAt !== undefined && { sendAt: flags.sendAt }),
    ...(flags.expiresAt !== undefined && { expiresAt: flags.expiresAt }),
    ...(flags.idempotencyKey !== undefined && { idempotencyKey: flags.idempotencyKey }),
  };
}

function parseAddress(text: string): { channel: Channel; address: string } {
  const [channel = '', ...rest] = text.split(':');
  if (rest.length === 0)
    throw new CommandFailure(`--address: write CHANNEL:ADDRESS, for example EMAIL:ada@example.com.`, 2);
  return { channel: oneOf('--address', channel, CHANNELS), address: rest.join(':') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(`--data is no JSON: ${messageOf(error)}`, 2);
  }
}

/** Case and dashes do not matter: `in-app` is IN_APP. @throws CommandFailure (2) with the possible ones. */
export function oneOf<T extends string>(flag: string, text: string, values: readonly T[]): T {
  const wanted = text.toUpperCase().replaceAll('-', '_');
  const value = values.find((candidate) => candidate === wanted);
  if (value === undefined)
    throw new CommandFailure(`${flag}: there is no ${text}; it is one of ${values.join(', ')}.`, 2);
  return value;
}
