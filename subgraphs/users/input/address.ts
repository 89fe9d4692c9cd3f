/** Whether an address fits its channel, by its form alone: nothing is looked up. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';

/** Addresses as a whole: RFC 5321 (4.5.3.1.3) allows 254 characters for a mailbox in practice. */
const MAX_EMAIL = 254;
const MAX_LOCAL_PART = 64;
const MAX_CHAT_ID = 512;
const MAX_URL = 2_048;

/** E.164: `+`, then 7 to 15 digits, the first not 0. */
const PHONE = /^\+[1-9]\d{6,14}$/;
/** One `@`; no spaces, control characters, quotes, brackets or list separators on either side. */
const EMAIL = /^([^\s\p{Cc}\p{Cf}@,;:<>()[\]\\"]+)@([^\s\p{Cc}\p{Cf}@,;:<>()[\]\\"]+)$/u;
const DOMAIN_LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?$/u;

type Check = (address: string) => string | undefined;

/** A chat id, an openid, a channel name, a device token: whatever the provider gave. */
const chatId: Check = (address) =>
  address.length <= MAX_CHAT_ID && address.trim() !== '' && !/[\p{Cc}\u2028\u2029]/u.test(address)
    ? undefined
    : `Must be 1 to ${MAX_CHAT_ID} printable characters on one line.`;

const CHECKS: Readonly<Record<Channel, Check>> = {
  IN_APP: () => 'In-app messages go to users, not to addresses.',
  WEB_PUSH: pushEndpointProblem,
  MOBILE_PUSH: chatId,
  EMAIL: emailProblem,
  SMS: phoneProblem,
  WHATSAPP: phoneProblem,
  TELEGRAM: chatId,
  WECHAT: chatId,
  WECOM: chatId,
  DINGTALK: chatId,
  QQ: chatId,
  SLACK: chatId,
  WEBHOOK: webhookProblem,
};

/** What is wrong with an address of a channel, as a sentence; undefined when its form is right. */
export function addressProblem(channel: Channel, address: string): string | undefined {
  return CHECKS[channel](address);
}

/** What is wrong with a mailbox (`ann@example.com`, without a display name). */
export function emailProblem(address: string): string | undefined {
  const [, local, domain] = EMAIL.exec(address) ?? [];
  const problem = 'Must be an e-mail address like ann@example.com.';
  if (local === undefined || domain === undefined || address.length > MAX_EMAIL) return problem;
  if (local.length > MAX_LOCAL_PART || local.startsWith('.') || local.endsWith('.') || local.includes('..'))
    return problem;
  const labels = domain.split('.');
  if (!labels.every((label) => label.length <= 63 && DOMAIN_LABEL.test(label))) return problem;
  return labels.length > 1 || domain === 'localhost' ? undefined : problem;
}

/** What is wrong with a phone number (E.164). */
export function phoneProblem(address: string): string | undefined {
  return PHONE.test(address)
    ? undefined
    : 'Must be a phone number in E.164 form: + and 7 to 15 digits, like +15005550006.';
}

function webhookProblem(address: string): string | undefined {
  const url = urlOf(address);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    return 'Must be an http or https URL like https://example.com/hook.';
  return credentialsProblem(url);
}

/** Push services are reached by https (RFC 8030, 3); http only on this machine, for tests of push services. */
function pushEndpointProblem(address: string): string | undefined {
  const url = urlOf(address);
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && isLoopback(url.hostname)))
    return 'Must be the https URL that the browser gave as its push endpoint.';
  return credentialsProblem(url);
}

/** Absent as well for what a URL parser would silently take out (spaces around it, line breaks in it). */
const urlOf = (address: string): URL | undefined =>
  address.length <= MAX_URL && !/[\s\p{Cc}]/u.test(address) && URL.canParse(address)
    ? new URL(address)
    : undefined;

const credentialsProblem = (url: URL): string | undefined =>
  url.username === '' && url.password === '' ? undefined : 'Must not have a user name or password in the URL.';

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
