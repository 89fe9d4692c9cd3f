/** What answers of Slack mean: of the Web API, and of incoming webhooks. */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';

const NAME = 'Slack';

const answerSchema = z.union([
  z.object({ ok: z.literal(true), channel: z.string().optional(), ts: z.string().optional() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

/** Slack's codes that mean the same, whichever way the message went. */
type Meaning =
  | 'invalid'
  | 'gone'
  | 'notAllowed'
  | 'unauthorized'
  | 'misconfigured'
  | 'wait'
  | 'down'
  | 'tooLarge'
  | 'rejected';

/** Errors of chat.postMessage (https://docs.slack.dev/reference/methods/chat.postMessage#errors). */
const API_ERRORS: Readonly<Record<string, Meaning>> = {
  channel_not_found: 'invalid',
  user_not_found: 'invalid',
  users_not_found: 'invalid',
  cannot_dm_bot: 'invalid',
  is_archived: 'gone',
  user_disabled: 'gone',
  not_in_channel: 'notAllowed',
  messages_tab_disabled: 'notAllowed',
  channel_type_not_supported: 'notAllowed',
  restricted_action: 'notAllowed',
  restricted_action_read_only_channel: 'notAllowed',
  restricted_action_thread_only_channel: 'notAllowed',
  restricted_action_non_threadable_channel: 'notAllowed',
  restricted_action_thread_locked: 'notAllowed',
  slack_connect_canvas_sharing_blocked: 'notAllowed',
  slack_connect_file_link_sharing_blocked: 'notAllowed',
  slack_connect_lists_sharing_blocked: 'notAllowed',
  // "Admins have disabled sending messages to this channel."
  ekm_access_denied: 'notAllowed',
  // "Make sure your app is a member of the conversation it's attempting to post a message to."
  no_permission: 'notAllowed',
  // A token of a whole organization writes to ids alone.
  team_not_found: 'notAllowed',
  not_authed: 'unauthorized',
  invalid_auth: 'unauthorized',
  account_inactive: 'unauthorized',
  token_revoked: 'unauthorized',
  token_expired: 'unauthorized',
  missing_scope: 'unauthorized',
  not_allowed_token_type: 'unauthorized',
  access_denied: 'unauthorized',
  accesslimited: 'unauthorized',
  two_factor_setup_required: 'unauthorized',
  enterprise_is_restricted: 'unauthorized',
  team_access_not_granted: 'unauthorized',
  method_deprecated: 'misconfigured',
  deprecated_endpoint: 'misconfigured',
  rate_limited: 'wait',
  ratelimited: 'wait',
  message_limit_exceeded: 'wait',
  internal_error: 'down',
  fatal_error: 'down',
  service_unavailable: 'down',
  request_timeout: 'down',
  messaging_processing_failed: 'down',
  // The workspace is being moved, and "will not be available until migration is complete".
  org_login_required: 'down',
  team_added_to_org: 'down',
  msg_too_long: 'tooLarge',
  msg_blocks_too_long: 'tooLarge',
  attachment_payload_limit_exceeded: 'tooLarge',
  too_many_attachments: 'tooLarge',
  too_many_contact_cards: 'tooLarge',
  metadata_too_large: 'tooLarge',
  no_text: 'rejected',
  invalid_blocks: 'rejected',
  invalid_blocks_format: 'rejected',
  invalid_arguments: 'rejected',
  invalid_arg_name: 'rejected',
  invalid_array_arg: 'rejected',
  invalid_charset: 'rejected',
  invalid_form_data: 'rejected',
  invalid_post_type: 'rejected',
  missing_post_type: 'rejected',
  invalid_json: 'rejected',
  json_not_object: 'rejected',
  invalid_metadata_format: 'rejected',
  invalid_metadata_schema: 'rejected',
  metadata_must_be_sent_from_app: 'rejected',
  as_user_not_supported: 'rejected',
  duplicate_channel_not_found: 'rejected',
  duplicate_message_not_found: 'rejected',
  message_not_found: 'rejected',
  cannot_reply_to_message: 'rejected',
};

/**
 * Errors of incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors,
 * https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks). The secret is in the address:
 * one that is refused is a dead address, and none of the account's credentials.
 */
const WEBHOOK_ERRORS: Readonly<Record<string, Meaning>> = {
  ...API_ERRORS,
  channel_is_archived: 'gone',
  no_active_hooks: 'gone',
  no_service: 'gone',
  no_service_id: 'gone',
  no_team: 'gone',
  team_disabled: 'gone',
  invalid_token: 'gone',
  action_prohibited: 'notAllowed',
  posting_to_general_channel_denied: 'notAllowed',
  rollup_error: 'down',
  invalid_payload: 'rejected',
  missing_text_or_fallback_or_attachments: 'rejected',
};

/** Slack could not load the picture, or takes no such URL for one. */
const ABOUT_BLOCKS = new Set(['invalid_blocks', 'invalid_blocks_format']);

export interface ClassifiedSlackAnswer {
  readonly outcome: SendOutcome;
  /** Slack refused the blocks before it sent anything: without a picture they might go. */
  readonly blocksRefused: boolean;
}

/** An answer of the Web API: its status is 200 for errors, too. */
export function classifySlackAnswer(answer: VendorAnswer): ClassifiedSlackAnswer {
  const parsed = jsonOf(answer.text, answerSchema);
  if (answer.status >= 500 || answer.status === 429 || !parsed)
    return {
      outcome: answer.status >= 300 ? outcomeOfStatus(NAME, answer) : notUnderstood(NAME, answer.status),
      blocksRefused: false,
    };
  if (parsed.ok) {
    const { channel, ts } = parsed;
    const providerMessageId = channel === undefined || ts === undefined ? undefined : `${channel}:${ts}`;
    return {
      outcome: { kind: 'accepted', ...(providerMessageId !== undefined && { providerMessageId }) },
      blocksRefused: false,
    };
  }
  return refused(parsed.error, API_ERRORS, answer, 'the account');
}

/** An answer of an incoming webhook: `ok`, or a code, as plain text. */
export function classifySlackWebhookAnswer(answer: VendorAnswer): ClassifiedSlackAnswer {
  const { status } = answer;
  const said = answer.text.trim();
  if (status === 200)
    return {
      outcome: said === 'ok' ? { kind: 'accepted' } : notUnderstood(NAME, status),
      blocksRefused: false,
    };
  if (status === 429 || (status >= 500 && !Object.hasOwn(WEBHOOK_ERRORS, said)))
    return { outcome: outcomeOfStatus(NAME, answer), blocksRefused: false };
  return refused(said, WEBHOOK_ERRORS, answer, 'the webhook');
}

function refused(
  error: string,
  table: Readonly<Record<string, Meaning>>,
  answer: VendorAnswer,
  whose: 'the account' | 'the webhook',
): ClassifiedSlackAnswer {
  const known = Object.hasOwn(table, error) ? table[error] : undefined;
  const about = whose === 'the webhook' ? ({ about: 'recipient' } as const) : {};
  const outcome = known === undefined ? undefined : OUTCOMES[known](error, answer, about);
  return {
    outcome: outcome ?? unknown(error, answer, about),
    blocksRefused: ABOUT_BLOCKS.has(error),
  };
}

/** What is in no table: by the status, but what a webhook's own URL is refused with is none of the account. */
function unknown(error: string, answer: VendorAnswer, about: { readonly about?: 'recipient' }): SendOutcome {
  // A text that is no code of Slack's could hold anything.
  const detail = /^[a-z_]{3,40}$/.test(error) ? error : undefined;
  const outcome = outcomeOfStatus(NAME, answer.status === 200 ? { ...answer, status: 400 } : answer, detail);
  return outcome.kind === 'permanent' ? { ...outcome, ...about } : outcome;
}

const MAY_HAVE_SENT = new Set([
  'internal_error',
  'fatal_error',
  'rollup_error',
  'messaging_processing_failed',
]);

type Outcomes = Readonly<
  Record<
    Meaning,
    (code: string, answer: VendorAnswer, about: { readonly about?: 'recipient' }) => SendOutcome
  >
>;

const OUTCOMES: Outcomes = {
  invalid: (code) => ({
    kind: 'invalidRecipient',
    code: 'CHANNEL_ADDRESS_INVALID',
    message: `Slack knows no such channel or user, or shows it to this app not at all (${code}).`,
  }),
  gone: (code) => ({
    kind: 'invalidRecipient',
    code: 'CHANNEL_ADDRESS_GONE',
    message: `The Slack channel, user or webhook is no longer in use (${code}).`,
  }),
  notAllowed: (code) => ({
    kind: 'permanent',
    code: 'CHANNEL_ADDRESS_NOT_ALLOWED',
    message: `The app may not write there in Slack (${code}).`,
    about: 'recipient',
  }),
  unauthorized: (code, _answer, about) => ({
    kind: 'permanent',
    code: 'CHANNEL_UNAUTHORIZED',
    message: `Slack does not take the token, or it lacks a scope (${code}).`,
    ...about,
  }),
  misconfigured: (code) => ({
    kind: 'permanent',
    code: 'CHANNEL_MISCONFIGURED',
    message: `Slack no longer has this API (${code}).`,
  }),
  wait: (code, { retryAfterMs }) => ({
    kind: 'rateLimited',
    message: `Slack asks to wait (${code}).`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }),
  down: (code) => ({
    kind: 'retryable',
    code: 'CHANNEL_PROVIDER_UNAVAILABLE',
    message: `Slack could not take the message (${code}).`,
    // "It's possible some aspect of the operation succeeded before the error was raised."
    mayHaveSent: MAY_HAVE_SENT.has(code),
  }),
  tooLarge: (code) => ({
    kind: 'permanent',
    code: 'CHANNEL_MESSAGE_TOO_LARGE',
    message: `The message is too large for Slack (${code}).`,
  }),
  rejected: (code) => ({
    kind: 'permanent',
    code: 'CHANNEL_MESSAGE_REJECTED',
    message: `Slack refused the message (${code}).`,
    about: 'recipient',
  }),
};
