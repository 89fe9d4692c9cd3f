import { describe, expect, it } from 'vitest';
import { classifySlackAnswer, classifySlackWebhookAnswer } from './classify-answer.ts';

const api = (error: string, more: object = {}) =>
  classifySlackAnswer({ status: 200, text: JSON.stringify({ ok: false, error }), ...more }).outcome;

const invalid = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' };
const gone = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' };
const notAllowed = { kind: 'permanent', code: 'CHANNEL_ADDRESS_NOT_ALLOWED', about: 'recipient' };
const rejected = { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', about: 'recipient' };
const tooLarge = { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' };

describe('chat.postMessage', () => {
  it('takes the channel and the ts', () => {
    const text = '{"ok":true,"channel":"C123ABC456","ts":"1503435956.000247","message":{}}';
    expect(classifySlackAnswer({ status: 200, text })).toEqual({
      outcome: { kind: 'accepted', providerMessageId: 'C123ABC456:1503435956.000247' },
      blocksRefused: false,
    });
  });

  it.each([
    ['channel_not_found', invalid],
    ['user_not_found', invalid],
    ['cannot_dm_bot', invalid],
    ['is_archived', gone],
    ['not_in_channel', notAllowed],
    ['restricted_action_read_only_channel', notAllowed],
    ['messages_tab_disabled', notAllowed],
    ['channel_type_not_supported', notAllowed],
    ['restricted_action', notAllowed],
    ['restricted_action_thread_only_channel', notAllowed],
    ['restricted_action_non_threadable_channel', notAllowed],
    ['restricted_action_thread_locked', notAllowed],
    ['slack_connect_file_link_sharing_blocked', notAllowed],
    ['slack_connect_canvas_sharing_blocked', notAllowed],
    ['slack_connect_lists_sharing_blocked', notAllowed],
    ['ekm_access_denied', notAllowed],
    ['no_permission', notAllowed],
    ['team_not_found', notAllowed],
    ['method_deprecated', { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' }],
    ['deprecated_endpoint', { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' }],
    ['messaging_processing_failed', { kind: 'retryable', mayHaveSent: true }],
    ['request_timeout', { kind: 'retryable', mayHaveSent: false }],
    ['team_added_to_org', { kind: 'retryable', mayHaveSent: false }],
    ['org_login_required', { kind: 'retryable', mayHaveSent: false }],
    ['rate_limited', { kind: 'rateLimited' }],
    ['ratelimited', { kind: 'rateLimited' }],
    ['message_limit_exceeded', { kind: 'rateLimited' }],
    ['internal_error', { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: true }],
    ['fatal_error', { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: true }],
    ['service_unavailable', { kind: 'retryable', mayHaveSent: false }],
    ['msg_too_long', tooLarge],
    ['msg_blocks_too_long', tooLarge],
    ['too_many_attachments', tooLarge],
    ['too_many_contact_cards', tooLarge],
    ['metadata_too_large', tooLarge],
    ['invalid_blocks_format', rejected],
    ['invalid_arguments', rejected],
    ['invalid_charset', rejected],
    ['cannot_reply_to_message', rejected],
    ['duplicate_message_not_found', rejected],
    ['no_text', rejected],
    ['invalid_blocks', rejected],
    [
      'something_new',
      {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_REJECTED',
        message: 'Slack refused the message (400, something_new).',
      },
    ],
    [
      'xoxb-s3cr3t',
      {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_REJECTED',
        message: 'Slack refused the message (400).',
      },
    ],
    ['constructor', { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
  ])('%s', (error, expected) => expect(api(error)).toMatchObject(expected));

  it.each([
    'not_authed',
    'invalid_auth',
    'account_inactive',
    'token_revoked',
    'token_expired',
    'missing_scope',
    'not_allowed_token_type',
    'access_denied',
    'accesslimited',
    'two_factor_setup_required',
    'enterprise_is_restricted',
    'team_access_not_granted',
  ])('%s counts against the account', (error) => {
    const outcome = api(error);
    expect(outcome).toMatchObject({ kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' });
    expect(outcome).not.toHaveProperty('about');
  });

  it.each([
    [{ status: 429, text: '{"ok":false,"error":"ratelimited"}', retryAfterMs: 30_000 }, 30_000],
    [{ status: 429, text: '' }, undefined],
    [{ status: 200, text: '{"ok":false,"error":"rate_limited"}', retryAfterMs: 1_000 }, 1_000],
  ])('waits as long as Slack says: %j', (answer, retryAfterMs) => {
    const { outcome } = classifySlackAnswer(answer);
    expect(outcome).toMatchObject({ kind: 'rateLimited' });
    expect('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  it.each([
    [
      { status: 503, text: '' },
      { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' },
    ],
    [
      { status: 200, text: 'ok' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
    [
      { status: 302, text: '' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
  ])('reads what is no answer of the API: %j', (answer, expected) => {
    expect(classifySlackAnswer(answer).outcome).toMatchObject(expected);
  });
});

describe('incoming webhooks', () => {
  const webhook = (status: number, text: string) => classifySlackWebhookAnswer({ status, text });

  it.each([
    [200, 'ok', { kind: 'accepted' }],
    [200, '<html>', { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' }],
    [400, 'invalid_payload', rejected],
    [400, 'user_not_found', invalid],
    [400, 'too_many_attachments', tooLarge],
    [403, 'action_prohibited', notAllowed],
    [403, 'posting_to_general_channel_denied', notAllowed],
    [403, 'invalid_token', gone],
    [403, 'team_disabled', gone],
    [404, 'channel_not_found', invalid],
    [404, 'no_service', gone],
    [404, 'no_team', gone],
    [404, 'no_service_id', gone],
    [404, 'no_active_hooks', gone],
    [400, 'no_text', rejected],
    [410, 'channel_is_archived', gone],
    [500, 'rollup_error', { kind: 'retryable', mayHaveSent: true }],
    [503, 'upstream connect error', { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' }],
    [429, 'rate_limited', { kind: 'rateLimited' }],
    [403, 'something new', { kind: 'permanent', about: 'recipient' }],
  ])('%i %s', (status, text, expected) => expect(webhook(status, text).outcome).toMatchObject(expected));

  it('tells when the blocks were refused', () => {
    expect(webhook(400, 'invalid_blocks').blocksRefused).toBe(true);
    expect(webhook(400, 'invalid_payload').blocksRefused).toBe(false);
  });
});
