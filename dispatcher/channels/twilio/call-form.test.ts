import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { callForm, twimlOf } from './call-form.ts';
import { spoken } from './conformance-fixture.ts';
import { twilioPart } from './message-form.ts';
import { TWILIO_VOICES } from './voices.ts';

const now = new Date('2030-01-01T00:00:00Z');
const settings = { voiceFrom: '+15005550006', voiceLanguage: 'en-US' };
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

function form(changes: Partial<OutgoingMessage>, part?: object, account: object = settings) {
  const made = callForm(
    { ...message, ...changes },
    { ...settings, ...account },
    part && twilioPart.parse(part),
    now,
  );
  if ('wrong' in made) throw new Error(JSON.stringify(made.wrong));
  return Object.fromEntries(made.form);
}
const wrong = (changes: Partial<OutgoingMessage>, account: Parameters<typeof callForm>[1] = settings) =>
  callForm({ ...message, ...changes }, account, undefined, now);

describe('callForm', () => {
  it('is a call that says title and text twice, in the voice of the recipient’s language', () => {
    expect(
      form({ url: 'https://a.example/' }, undefined, { receiptsUrl: 'https://h.example/receipts/twilio' }),
    ).toEqual({
      To: '+491701234567',
      From: '+15005550006',
      Twiml:
        '<Response><Say voice="Polly.Vicki" language="de-DE">Anmeldung</Say>' +
        '<Say voice="Polly.Vicki" language="de-DE">Ihr Code: 1, 2, 3.</Say><Pause length="1"/>' +
        '<Say voice="Polly.Vicki" language="de-DE">Anmeldung</Say>' +
        '<Say voice="Polly.Vicki" language="de-DE">Ihr Code: 1, 2, 3.</Say></Response>',
      Timeout: '60',
      TimeLimit: '900',
      StatusCallback: 'https://h.example/receipts/twilio?delivery=d1',
    });
  });

  it.each([
    ['en-GB', {}, undefined, 'voice="Polly.Amy" language="en-GB"'],
    ['ar-SA', {}, undefined, 'voice="Polly.Zeina" language="arb"'],
    ['zh-Hant', {}, undefined, 'voice="Google.cmn-TW-Standard-A" language="cmn-TW"'],
    // Nobody reads Swahili, and a message without a language has that of the account.
    ['sw', {}, undefined, 'voice="Polly.Joanna" language="en-US"'],
    ['default', { voiceLanguage: 'fr-CA' }, undefined, 'voice="Polly.Chantal" language="fr-CA"'],
    ['default', { voiceLanguage: 'ga-IE' }, undefined, 'language="ga-IE"'],
    ['de', {}, { language: 'nl' }, 'voice="Polly.Lotte" language="nl-NL"'],
    ['de', {}, { language: 'ga-IE' }, 'language="ga-IE"'],
    ['de', {}, { voice: 'Polly.Mía-Generative' }, 'voice="Polly.Mía-Generative"'],
    [
      'de',
      {},
      { voice: 'Polly.Hannah-Neural', language: 'de-AT' },
      'voice="Polly.Hannah-Neural" language="de-AT"',
    ],
  ])('reads %j at %o with %o by %s', (locale, account, part, attributes) => {
    expect(form({ locale }, part, account).Twiml).toMatch(`<Response><Say ${attributes}>Anmeldung<`);
  });

  it.each([
    [undefined, 2],
    [{ repeat: 1 }, 1],
    [{ repeat: 5 }, 5],
  ])('with %o reads the message %d times', (part, times) => {
    expect(spoken(form({}, part).Twiml ?? '')).toEqual(
      Array(times).fill(['Anmeldung', 'Ihr Code: 1, 2, 3.']),
    );
  });

  it('rings no longer than the message is of use', () => {
    expect(form({ expiresAt: new Date(now.getTime() + 30_000) }).Timeout).toBe('30');
  });

  it.each([
    ['a number to call from', {}, { voiceLanguage: 'en-US' }, 'CHANNEL_MISCONFIGURED'],
    ['a text', { title: '', body: ' \n' }, settings, 'CHANNEL_MESSAGE_REJECTED'],
    ['an end', { title: '', body: 'x'.repeat(1_601) }, settings, 'CHANNEL_MESSAGE_TOO_LARGE'],
    ['room for it', { title: '', body: '"'.repeat(1_000) }, settings, 'CHANNEL_MESSAGE_TOO_LARGE'],
  ])('is not made without %s', (_what, changes, account, code) => {
    expect(wrong(changes, account)).toMatchObject({ wrong: { kind: 'permanent', code } });
  });
});

describe('twimlOf', () => {
  const voice = { voice: 'Polly.Zhiyu', language: 'cmn-CN' };

  it('takes no text for markup, and leaves out what XML cannot have', () => {
    const twiml = twimlOf(['</Say><Dial>+1</Dial> & "x" \u0000\u0007\ud800'], { voice: 'a"b' }, 1);
    expect(twiml).toBe(
      '<Response><Say voice="a&quot;b">&lt;/Say&gt;&lt;Dial&gt;+1&lt;/Dial&gt; &amp; &quot;x&quot;   \ufffd</Say></Response>',
    );
  });

  it('cuts a long text between sentences, for a voice takes so much at once', () => {
    const sentence = `${'好'.repeat(99)}。`;
    const said = spoken(twimlOf([sentence.repeat(12)], voice, 2) ?? '');
    expect(said?.map((time) => time.join(''))).toEqual(Array(2).fill(sentence.repeat(12)));
    expect(said?.[0]?.map((text) => text.length)).toEqual([500, 500, 200]);
  });

  it('reads a text less often where it would be too long', () => {
    expect(spoken(twimlOf(['x'.repeat(1_600)], voice, 5) ?? '')).toHaveLength(2);
    expect(spoken(twimlOf(['&'.repeat(700)], voice, 2) ?? '')).toHaveLength(1);
    expect(twimlOf(['&'.repeat(800)], voice, 2)).toBeUndefined();
  });
});

it.each(Object.entries(TWILIO_VOICES))(
  'the voice of %s is one of it',
  (tag, { voice = '', language = '' }) => {
    expect(new Intl.Locale(tag).toString()).toBe(tag);
    expect(voice).toMatch(/^(Polly\.[A-Z][a-z]+|Google\.[a-z]{2,3}-[A-Z]{2}-Standard-A)$/);
    if (voice.startsWith('Google.')) expect(voice).toBe(`Google.${language}-Standard-A`);
  },
);
