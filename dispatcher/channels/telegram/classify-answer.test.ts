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

  // Texts as in https://github.com/TelegramBotAPI/errors
  it.each([
    [400, 'Bad Request: chat not found', invalid],
    [400, 'Bad Request: user not found', invalid],
    [400, 'Bad Request: PEER_ID_INVALID', invalid],
    [403, "Forbidden: bot can't send messages to bots", invalid],
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
    [400, 'Bad Request: message thread not found', unreachable],
    [400, 'Bad Request: message is too long', { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [400, "Bad Request: can't parse entities: Unsupported start tag", rejected],
    [400, 'Bad Request: message text is empty', rejected],
    [400, 'Bad Request: BUTTON_URL_INVALID', rejected],
    [400, 'Bad Request: something new', { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [400, 'Bad Request: POLL_NEW', { message: 'Telegram refused the message (400, POLL_NEW).' }],
    [401, 'Unauthorized', unauthorized],
    [404, 'Not Found', unauthorized],
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
    const picture = 'Bad Request: wrong file identifier/HTTP URL specified';
    expect(classifyTelegramAnswer(refusal(400, picture))).toMatchObject({ again: 'withoutPhoto' });
  });

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
