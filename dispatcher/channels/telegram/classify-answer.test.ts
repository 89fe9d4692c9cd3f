import { describe, expect, it } from 'vitest';
import { classifyTelegramAnswer } from './classify-answer.ts';

const refusal = (error_code: number, description: string, parameters?: object) => ({
  status: error_code,
  text: JSON.stringify({ ok: false, error_code, description, ...(parameters && { parameters }) }),
});

const rejected = { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED', about: 'recipient' };
const unreachable = { kind: 'permanent', code: 'CHANNEL_ADDRESS_NOT_ALLOWED', about: 'recipient' };
const invalid = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' };
const gone = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' };
const unauthorized = { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' };

describe('classifyTelegramAnswer', () => {
  it('takes the id of the chat and of the message', () => {
    const text = JSON.stringify({ ok: true, result: { message_id: 5, chat: { id: -100, type: 'channel' } } });
    expect(classifyTelegramAnswer({ status: 200, text })).toEqual({
      outcome: { kind: 'accepted', providerMessageId: '-100:5' },
    });
  });

  // Texts as in https://github.com/TelegramBotAPI/errors, and in the source of Telegram's own server.
  it.each([
    [400, 'Bad Request: chat not found', invalid],
    [400, 'Bad Request: user not found', invalid],
    [400, 'Bad Request: PEER_ID_INVALID', invalid],
    [403, "Forbidden: bot can't send messages to bots", invalid],
    [403, "Forbidden: the bot can't send messages to the bot", invalid],
    [400, 'Bad Request: private chat not found', invalid],
    [400, 'Bad Request: CHANNEL_INVALID', invalid],
    [400, 'Bad Request: chat_id is empty', invalid],
    [400, 'Bad Request: USER_DELETED', gone],
    [403, 'Forbidden: user is deactivated', gone],
    [403, 'Forbidden: the group chat was deleted', gone],
    [400, 'Bad Request: group chat was deactivated', gone],
    [403, 'Forbidden: bot was blocked by the user', unreachable],
    [403, "Forbidden: bot can't initiate conversation with a user", unreachable],
    [403, 'Forbidden: bot was kicked from the supergroup chat', unreachable],
    [403, 'Forbidden: bot is not a member of the channel chat', unreachable],
    [403, 'Forbidden: something new', unreachable],
    [400, 'Bad Request: not enough rights to send text messages to the chat', unreachable],
    [400, 'Bad Request: have no rights to send a message', unreachable],
    [400, 'Bad Request: have no write access to the chat', unreachable],
    [400, 'Bad Request: have no access to the chat', unreachable],
    [400, "Bad Request: can't access the chat", unreachable],
    [400, 'Bad Request: CHANNEL_PUBLIC_GROUP_NA', unreachable],
    [400, 'Bad Request: CHAT_GUEST_SEND_FORBIDDEN', unreachable],
    [400, 'Bad Request: CHAT_SEND_PLAIN_FORBIDDEN', unreachable],
    [400, 'Bad Request: CHAT_RESTRICTED', unreachable],
    [400, 'Bad Request: CHAT_ADMIN_REQUIRED', unreachable],
    [400, 'Bad Request: ALLOW_PAYMENT_REQUIRED_10', unreachable],
    [400, 'Bad Request: TOPIC_DELETED', unreachable],
    [400, 'Bad Request: unknown forum topic identifier specified', unreachable],
    [400, 'Bad Request: the chat is not a forum', unreachable],
    [400, 'Bad Request: message thread not found', unreachable],
    [400, 'Bad Request: message is too long', { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [400, "Bad Request: can't parse entities: Unsupported start tag", rejected],
    [400, 'Bad Request: message caption is too long', { code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [400, 'Bad Request: entities too long', { code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [400, 'Bad Request: ENTITY_BOUNDS_INVALID', rejected],
    [400, 'Bad Request: reply markup is too long', rejected],
    [400, 'Bad Request: inline keyboard button text must be non-empty', rejected],
    [400, 'Bad Request: text must be non-empty', rejected],
    [400, 'Bad Request: message text is empty', rejected],
    [400, 'Bad Request: BUTTON_URL_INVALID', rejected],
    [400, 'Bad Request: something new', { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [400, 'Bad Request: POLL_NEW', { message: 'Telegram refused the message (400, POLL_NEW).' }],
    [401, 'Unauthorized', unauthorized],
    [401, 'Unauthorized: invalid token specified', unauthorized],
    [404, 'Not Found', unauthorized],
    [421, 'Misdirected Request: unallowed token specified', unauthorized],
    [400, 'Bad Request: FROZEN_METHOD_INVALID', unauthorized],
    [500, 'Internal Server Error', { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' }],
  ])('%i %s', (status, description, expected) => {
    expect(classifyTelegramAnswer(refusal(status, description)).outcome).toMatchObject(expected);
  });

  it('tells only its own words', () => {
    expect(JSON.stringify(classifyTelegramAnswer(refusal(400, 'Bad Request: s3cr3t')))).not.toContain(
      's3cr3t',
    );
  });

  it.each([
    [{ retry_after: 35 }, { kind: 'rateLimited', retryAfterMs: 35_000 }],
    [undefined, { kind: 'rateLimited' }],
  ])('waits: %j', (parameters, expected) => {
    const { message: _message, ...outcome } = {
      message: '',
      ...classifyTelegramAnswer(refusal(429, 'Too Many Requests: retry after 35', parameters)).outcome,
    };
    expect(outcome).toEqual(expected);
  });

  it('says how the message can go after all', () => {
    const text = 'Bad Request: group chat was upgraded to a supergroup chat';
    expect(classifyTelegramAnswer(refusal(400, text, { migrate_to_chat_id: -1007 }))).toMatchObject({
      outcome: gone,
      again: { chat: -1007 },
    });
  });

  it.each([
    'wrong file identifier/HTTP URL specified',
    'wrong HTTP URL specified',
    'wrong type of the web page content',
    'failed to get HTTP URL content',
    "can't upload file by URL",
    'photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp',
    'PHOTO_INVALID_DIMENSIONS',
    'IMAGE_PROCESS_FAILED',
    'file is too big',
  ])('sends without the picture: %s', (text) =>
    expect(classifyTelegramAnswer(refusal(400, `Bad Request: ${text}`))).toMatchObject({
      outcome: rejected,
      again: 'withoutPhoto',
    }),
  );

  it.each([
    [
      { status: 502, text: '<html>' },
      { kind: 'retryable', mayHaveSent: true },
    ],
    [
      { status: 200, text: '<html>' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
    [
      { status: 200, text: '{}' },
      { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
    [
      { status: 429, text: '', retryAfterMs: 7 },
      { kind: 'rateLimited', retryAfterMs: 7 },
    ],
  ])('reads what is no answer of the API: %j', (answer, expected) => {
    expect(classifyTelegramAnswer(answer).outcome).toMatchObject(expected);
  });
});
