/** What an address of SLACK is. */

export type SlackAddress =
  /** The path of an incoming webhook, which is its secret. */
  | { readonly kind: 'webhook'; readonly path: string }
  /** The id of a channel, a conversation or a user, or a channel's `#name`. */
  | { readonly kind: 'channel'; readonly channel: string };

/** Hosts of incoming webhooks; the second is GovSlack's. */
const HOOK_ORIGINS: readonly string[] = ['https://hooks.slack.com', 'https://hooks.slack-gov.com'];

/**
 * @param webhookBaseUrl where webhooks are called: an address there is one, too.
 * @returns undefined for what is no address of Slack.
 */
export function slackAddress(address: string, webhookBaseUrl: string): SlackAddress | undefined {
  if (/^[CDGUWZ][A-Z0-9]{5,30}$/.test(address) || /^#[^\s#@,<>\p{Cc}]{1,80}$/u.test(address))
    return { kind: 'channel', channel: address };
  const url = URL.parse(address);
  if (!url || ![...HOOK_ORIGINS, new URL(webhookBaseUrl).origin].includes(url.origin)) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '') return undefined;
  return /^\/services(\/[\w-]{1,100}){3}$/.test(url.pathname)
    ? { kind: 'webhook', path: url.pathname }
    : undefined;
}
