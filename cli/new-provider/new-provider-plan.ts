/** What a new provider is called and what it is for, from the words of a command line. Pure. */
import { CHANNELS, type Channel } from '../../platform/graphql/contract-enums.ts';
import { CommandFailure } from '../failure.ts';

export interface NewProviderFlags {
  readonly channel: readonly string[];
  readonly name?: string;
  readonly receipts?: boolean;
}

export interface NewProvider {
  /** The folder's name and the definition's id. */
  readonly id: string;
  /** Of the vendor, for people. */
  readonly name: string;
  /** The name of the definition in code. */
  readonly identifier: string;
  readonly channels: readonly [Channel, ...Channel[]];
  readonly receipts: boolean;
}

/** Herald's own, and those whose addresses are servers that users name: a vendor's API is not what they need. */
const NOT_OF_A_VENDOR: Readonly<Partial<Record<Channel, string>>> = {
  IN_APP: 'Herald stores IN_APP messages itself',
  WEB_PUSH: 'addresses of WEB_PUSH are servers that users name: start from dispatcher/channels/web-push/',
  WEBHOOK: 'addresses of WEBHOOK are servers that users name: start from dispatcher/channels/webhook/',
};

/** Words that cannot name a constant, or have a meaning in the generated files already. */
const TAKEN = new Set(
  `arguments as async await break case catch class const continue debugger default delete do else enum eval export
  extends false finally for from function get if implements import in instanceof interface let new null of package
  private protected public return set static super switch this throw true try type typeof undefined var void while
  with yield z config http headers message provider start server send bodies refusal describe expect it`.split(
    /\s+/,
  ),
);

/** @throws CommandFailure (2) that says what is wrong. */
export function newProvider(id: string, flags: NewProviderFlags): NewProvider {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 40)
    throw new CommandFailure(
      `"${id}" cannot be a provider's id: it has lower-case letters, digits and single dashes, begins with a letter and has at most 40 characters, like acme-sms.`,
      2,
    );
  const name = flags.name?.trim() ?? titleOf(id);
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .&+()-]{0,59}$/u.test(name))
    throw new CommandFailure(
      '--name: a vendor\'s name has 1 to 60 letters, digits, spaces and .&+()-, like "Acme SMS".',
      2,
    );
  return {
    id,
    name,
    identifier: identifierOf(id),
    channels: channelsOf(flags.channel),
    receipts: flags.receipts ?? false,
  };
}

function channelsOf(names: readonly string[]): readonly [Channel, ...Channel[]] {
  const channels = [...new Set(names.map(channelOf))];
  const [first, ...more] = channels;
  if (first === undefined) throw new CommandFailure('--channel: say which channel it serves, like SMS.', 2);
  if (more.length > 0 && channels.includes('MOBILE_PUSH'))
    throw new CommandFailure(
      '--channel: MOBILE_PUSH needs a provider of its own, for its addresses tell whose they are.',
      2,
    );
  return [first, ...more];
}

function channelOf(name: string): Channel {
  const wanted = name.toUpperCase().replaceAll('-', '_');
  const channel = CHANNELS.find((known) => known === wanted);
  if (!channel) {
    const possible = CHANNELS.filter((known) => NOT_OF_A_VENDOR[known] === undefined);
    throw new CommandFailure(`--channel: there is no ${name}; it is one of ${possible.join(', ')}.`, 2);
  }
  const reason = NOT_OF_A_VENDOR[channel];
  if (reason !== undefined) throw new CommandFailure(`--channel: ${reason}.`, 2);
  return channel;
}

/** `acme-sms`: `Acme Sms`. */
const titleOf = (id: string): string =>
  id
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join(' ');

/** `acme-sms`: `acmeSms`; `fetch`: `fetchProvider`. */
function identifierOf(id: string): string {
  const camel = id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return TAKEN.has(camel) || camel in globalThis ? `${camel}Provider` : camel;
}
