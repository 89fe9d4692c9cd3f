import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { callRequest } from './call-request.ts';
import { VONAGE_LANGUAGES } from './languages.ts';
import { vonagePart } from './sms-request.ts';

const now = new Date('2030-01-01T00:00:00Z');
const settings = { voiceFrom: '+447700900001', voiceLanguage: 'en-US' };
const message: OutgoingMessage = {
  workspace: 'default',
  channel: 'VOICE',
  address: '+491701234567',
  notification: 'n1',
  delivery: 'd1',
  priority: 'HIGH',
  locale: 'de',
  title: 'Anmeldung',
  body: 'Ihr Code: 1, 2, 3.',
};

function request(changes: Partial<OutgoingMessage> = {}, part?: object, account: object = {}) {
  const made = callRequest(
    { ...message, ...changes },
    { ...settings, ...account },
    part && vonagePart.parse(part),
    now,
  );
  if ('wrong' in made) throw new Error(JSON.stringify(made.wrong));
  return made.request;
}

describe('callRequest', () => {
  it('is a call that says title and text twice, in the recipient’s language', () => {
    const talk = [
      { action: 'talk', text: 'Anmeldung', language: 'de-DE' },
      { action: 'talk', text: 'Ihr Code: 1, 2, 3.', language: 'de-DE' },
    ];
    expect(
      request({ url: 'https://a.example/' }, undefined, { receiptsUrl: 'https://h.example/receipts/vonage' }),
    ).toEqual({
      to: [{ type: 'phone', number: '491701234567' }],
      from: { type: 'phone', number: '447700900001' },
      ncco: [...talk, ...talk],
      event_url: ['https://h.example/receipts/vonage'],
      event_method: 'POST',
      ringing_timer: 60,
      length_timer: 900,
    });
  });

  it.each([
    ['en-GB', {}, undefined, 'en-GB'],
    ['de-AT', {}, undefined, 'de-AT'],
    ['ar-SA', {}, undefined, 'ar'],
    ['zh', {}, undefined, 'cmn-CN'],
    ['zh-Hant', {}, undefined, 'cmn-TW'],
    ['sw', {}, undefined, 'en-US'],
    ['default', { voiceLanguage: 'fr-CA' }, undefined, 'fr-CA'],
    ['default', { voiceLanguage: 'ga-IE' }, undefined, 'ga-IE'],
    ['de', {}, { language: 'en-GB-WLS' }, 'en-GB-WLS'],
  ])('reads %j at %o with %o in %s', (locale, account, part, language) => {
    expect(request({ locale }, part, account).ncco[0]).toMatchObject({ language });
  });

  it('reads as often, and by the voice, that was asked for', () => {
    expect(request({ title: '' }, { repeat: 3, style: 4 }).ncco).toEqual(
      Array(3).fill({ action: 'talk', text: 'Ihr Code: 1, 2, 3.', language: 'de-DE', style: 4 }),
    );
  });

  it('takes no text for markup', () => {
    const body = '<speak>a</speak> < /SPEAK x<y & <b>';
    expect(request({ title: '', body }).ncco[0]?.text).toBe(' speak>a /speak>   /SPEAK x<y & <b>');
  });

  it('cuts a long text, for one action takes so much', () => {
    const body = `${'好'.repeat(99)}。`.repeat(12);
    const said = request({ title: '', body }, { repeat: 1 }).ncco.map(({ text }) => text);
    expect(said.join('')).toBe(body);
    expect(said.map((text) => text.length)).toEqual([500, 500, 200]);
  });

  it('rings no longer than the message is of use', () => {
    expect(request({ expiresAt: new Date(now.getTime() + 30_000) }).ringing_timer).toBe(30);
  });

  it.each([
    ['a number to call from', {}, { voiceLanguage: 'en-US' }, 'CHANNEL_MISCONFIGURED'],
    ['a text', { title: '', body: ' ' }, settings, 'CHANNEL_MESSAGE_REJECTED'],
    ['an end', { title: '', body: 'x'.repeat(1_601) }, settings, 'CHANNEL_MESSAGE_TOO_LARGE'],
  ])('is not made without %s', (_what, changes, account, code) => {
    expect(callRequest({ ...message, ...changes }, account, undefined, now)).toMatchObject({
      wrong: { kind: 'permanent', code },
    });
  });
});

it.each(Object.entries(VONAGE_LANGUAGES))('%s is a language, and %s the name of it', (tag, name) => {
  expect(new Intl.Locale(tag).toString()).toBe(tag);
  expect(name).toMatch(/^[a-z]{2,3}(-[A-Z]{2})?$/);
});
