/** The start screen: everything that one needs to begin, on 80 × 40 characters. */
import { CHANNELS, type Channel } from '../../platform/graphql/contract-enums.ts';
import type { Style } from '../terminal/style.ts';
import { wrap } from '../terminal/wrap.ts';
import { type CurlCredential, curlExample } from './curl-example.ts';

export const SCREEN_WIDTH = 80;
const LABEL_WIDTH = 10;
const INDENT = 2;

/** What serves a channel: a provider, or a sentence. */
export interface ChannelProvider {
  readonly channels: readonly Channel[];
  readonly provider: string;
}

export interface Screen {
  readonly version: string;
  readonly mongo: string;
  readonly redis: string;
  readonly skipped: readonly string[];
  /** As the settings have it, for people. */
  readonly dataDir: string;
  /** Pages and endpoints that answer. */
  readonly links: readonly { readonly name: string; readonly url: string; readonly about: string }[];
  readonly providers: readonly ChannelProvider[];
  /** Only when it was just made: it is shown once. */
  readonly newOperatorKey?: string | undefined;
  /** The address of the graph. */
  readonly graph: string;
  readonly credential: CurlCredential;
}

/** Lines of at most 80 characters, where addresses are no longer than usual. */
export function screenLines(screen: Screen, style: Style): string[] {
  const indent = ' '.repeat(INDENT);
  const room = SCREEN_WIDTH - INDENT - LABEL_WIDTH;
  const row = (label: string, text: string, format: (text: string) => string = (t) => t): string[] =>
    wrap(text, room).map(
      (line, i) => `${indent}${style.dim((i === 0 ? label : '').padEnd(LABEL_WIDTH))}${format(line)}`,
    );
  const longest = Math.max(...screen.links.map(({ url }) => url.length));
  return [
    `${indent}${style.bold(style.green('Herald'))} ${screen.version} ${style.bold('runs')}. Ctrl-C stops it.`,
    '',
    ...row('MongoDB', screen.mongo),
    ...row('Redis', screen.redis),
    ...(screen.skipped.length === 0 ? [] : row('', `passed over: ${screen.skipped.join('; ')}`, style.dim)),
    ...row('Files', `${screen.dataDir}, logs in ${screen.dataDir}/logs`),
    '',
    ...screen.links.map(
      ({ name, url, about }) =>
        `${indent}${style.dim(name.padEnd(LABEL_WIDTH))}${style.cyan(url)}${' '.repeat(longest - url.length)}  ${style.dim(about)}`,
    ),
    '',
    ...screen.providers.flatMap(({ channels, provider }) => {
      const others = channels.length > 2;
      return row(others ? 'others' : channels.join(', '), provider);
    }),
    '',
    ...(screen.newOperatorKey === undefined
      ? []
      : [
          ...wrap(
            `The operator key, shown this once (kept in ${screen.dataDir}/secrets.json):`,
            SCREEN_WIDTH - INDENT,
          ).map((line) => `${indent}${style.yellow(line)}`),
          `${indent}${style.bold(screen.newOperatorKey)}`,
          '',
        ]),
    `${indent}Send a notification to the user demo from another terminal:`,
    '',
    ...curlExample(screen.graph, screen.credential),
    '',
  ];
}

/** Settings that decide which provider serves a channel. */
export interface ProviderSettings {
  readonly SMTP_URL?: string | undefined;
  readonly HERALD_SANDBOX: 'auto' | 'on' | 'off';
}

/** Which provider serves which channel under `herald start`. */
export function channelProviders(settings: ProviderSettings): ChannelProvider[] {
  const none =
    settings.HERALD_SANDBOX === 'off'
      ? 'no provider: skipped as CHANNEL_NOT_CONFIGURED'
      : 'sandbox: kept and shown on /inbox';
  const known: { channel: Channel; provider: string }[] = [
    { channel: 'IN_APP', provider: 'the inbox' },
    { channel: 'WEB_PUSH', provider: 'web-push' },
    { channel: 'WEBHOOK', provider: 'webhook' },
    {
      channel: 'EMAIL',
      provider:
        settings.SMTP_URL === undefined
          ? `${none} (SMTP_URL is not set)`
          : `smtp, ${new URL(settings.SMTP_URL).host}`,
    },
  ];
  const others = CHANNELS.filter((channel) => !known.some((entry) => entry.channel === channel));
  return [
    ...known.map(({ channel, provider }) => ({ channels: [channel], provider })),
    { channels: others, provider: none },
  ];
}
