import { describe, expect, it } from 'vitest';
import type { Receipt } from '../contract.ts';
import { memoryDeliveryTokens as tokens } from '../testing/test-deps.ts';
import { readReport } from './read-report.ts';
import {
  byEnvelopeId,
  complaint,
  exchange,
  exim,
  eximText,
  gmail,
  postfix,
  qmail,
  vacation,
  writtenByHand,
} from './testing/reports.ts';

const TOKEN = tokens.tokenOf('dlv_0abc');
const read = (mail: string, secrets: readonly string[] = []) =>
  readReport(Buffer.from(mail.replaceAll('\n', '\r\n')), tokens, secrets);

describe('readReport', () => {
  it.each<[what: string, mail: string, kind: Receipt['kind'], words: RegExp]>([
    [
      'Postfix',
      postfix(TOKEN, { action: 'failed', status: '5.1.1' }),
      'bounced',
      /^5\.1\.1 550 5\.1\.1 <ada.*User unknown$/,
    ],
    [
      'Postfix, delayed',
      postfix(TOKEN, {
        action: 'delayed',
        status: '4.4.1',
        diagnostic: 'X-Postfix; connect to mx.example.org: Connection timed out',
      }),
      'deferred',
      /timed out/,
    ],
    ['Postfix, given up', postfix(TOKEN, { action: 'failed', status: '4.4.1' }), 'failed', /4\.4\.1/],
    [
      'Postfix, full',
      postfix(TOKEN, { action: 'failed', status: '5.2.2', diagnostic: 'smtp; 552 5.2.2 Mailbox full' }),
      'failed',
      /full/,
    ],
    [
      'Postfix, policy',
      postfix(TOKEN, { action: 'failed', status: '5.7.1', diagnostic: 'smtp; 554 5.7.1 Spam' }),
      'failed',
      /Spam/,
    ],
    [
      'Postfix, delivered',
      postfix(TOKEN, { action: 'delivered', status: '2.0.0', diagnostic: 'smtp; 250 2.0.0 Ok' }),
      'delivered',
      /Ok/,
    ],
    ['Exim', exim(TOKEN), 'bounced', /No such user/],
    [
      'Exim, refused for its content',
      exim(TOKEN, 'smtp; 550 5.7.1 Message looks like spam'),
      'failed',
      /spam/,
    ],
    ['Exim as text', eximText(TOKEN, '550 5.1.1 <ada@example.org>: unknown user'), 'bounced', /unknown user/],
    ['Exim as text, without a code', eximText(TOKEN, 'Unrouteable address'), 'bounced', /Unrouteable/],
    ['Exim as text, full', eximText(TOKEN, 'mailbox is full: retry timeout exceeded'), 'failed', /full/],
    ['Exim as text, a warning', eximText(TOKEN, 'Connection timed out', true), 'deferred', /timed out/],
    ['Exchange', exchange(TOKEN), 'bounced', /RecipientNotFound/],
    [
      'Exchange, not in the directory',
      exchange(TOKEN, '5.4.1', 'smtp;550 5.4.1 Recipient address rejected: Access denied. AS(201806281)'),
      'bounced',
      /5\.4\.1/,
    ],
    [
      'Exchange, a loop',
      exchange(TOKEN, '5.4.14', 'smtp;554 5.4.14 Hop count exceeded - possible mail loop'),
      'failed',
      /loop/,
    ],
    ['Gmail', gmail(TOKEN), 'bounced', /does not exist.*unnecessary spaces/],
    [
      'Gmail, disabled',
      gmail(TOKEN, {
        action: 'failed',
        status: '5.2.1',
        diagnostic: 'smtp; 550 5.2.1 The email account is inactive',
      }),
      'bounced',
      /inactive/,
    ],
    [
      'Gmail, delayed',
      gmail(TOKEN, { action: 'delayed', status: '4.2.2', diagnostic: 'smtp; 452 4.2.2 over quota' }),
      'deferred',
      /quota/,
    ],
    ['qmail', qmail(TOKEN), 'bounced', /no mailbox here/],
    [
      'qmail, in the words of another',
      qmail(
        TOKEN,
        '192.0.2.5 does not like recipient.\nRemote host said: 550 5.7.1 Relaying denied\nGiving up on 192.0.2.5.',
      ),
      'failed',
      /Relaying/,
    ],
    ['by its envelope id', byEnvelopeId(TOKEN), 'bounced', /5\.1\.1/],
    ['by its envelope id in xtext', byEnvelopeId(TOKEN.replace('.', '+2E')), 'bounced', /5\.1\.1/],
    ['a complaint', complaint(TOKEN), 'complained', /abuse/],
    ['a complaint of fraud', complaint(TOKEN, 'Fraud'), 'complained', /fraud/],
    ['somebody who opts out', complaint(TOKEN, 'opt-out'), 'unsubscribed', /opt-out/],
  ])('%s', async (_what, mail, kind, words) => {
    expect(await read(mail)).toEqual({
      kind: 'receipt',
      receipt: expect.objectContaining({ kind, delivery: 'dlv_0abc', message: expect.stringMatching(words) }),
    });
  });

  it.each([
    ['an answer of a machine', vacation(TOKEN)],
    ['a report of what is none of ours', postfix('20260307.foreign', { action: 'failed', status: '5.1.1' })],
    ['a report with a token that somebody made up', gmail(`dlv_0abc.${'x'.repeat(22)}`)],
    ['a message handed on', postfix(TOKEN, { action: 'relayed', status: '2.1.9' })],
    ['a mail that was no spam', complaint(TOKEN, 'not-spam')],
    ['a complaint of a kind that nobody knows', complaint(TOKEN, 'constructor')],
    [
      'a report without recipients',
      'Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\n--b--\n',
    ],
  ])('believes nothing of %s', async (_what, mail) => {
    expect(await read(mail)).toEqual({ kind: 'automatic' });
  });

  it.each([
    ['what a person writes', writtenByHand(TOKEN)],
    ['nothing', ''],
    ['bytes', '\0\u0001\u0002'],
    [
      'parts without end',
      `Content-Type: multipart/mixed; boundary=b\n\n${'--b\nContent-Type: multipart/mixed; boundary=b\n\n'.repeat(300)}`,
    ],
  ])('leaves %s alone', async (_what, mail) => {
    expect(await read(mail)).toEqual({ kind: 'other' });
  });

  it('reads one that is cut where its message is returned', async () => {
    const whole = exchange(TOKEN);
    const cut = whole.slice(0, whole.indexOf('Subject: Hello\nMessage-ID'));
    expect(await read(cut)).toMatchObject({ receipt: { kind: 'bounced', delivery: 'dlv_0abc' } });
  });

  it('has one key for each report, whenever it is read, and its time', async () => {
    const keyOf = async (mail: string) => {
      const found = await read(mail);
      return found.kind === 'receipt' ? found.receipt.key : found.kind;
    };
    expect(await keyOf(gmail(TOKEN))).toBe(await keyOf(gmail(TOKEN)));
    expect(await keyOf(qmail(TOKEN))).toBe(await keyOf(qmail(TOKEN)));
    const keys = [gmail(TOKEN), qmail(TOKEN), exchange(TOKEN), gmail(tokens.tokenOf('dlv_1'))].map(keyOf);
    expect(new Set(await Promise.all(keys)).size).toBe(4);
    expect(await read(gmail(TOKEN))).toMatchObject({ receipt: { at: new Date('2026-03-07T10:00:02Z') } });
  });

  it('repeats no secret', async () => {
    const mail = exim(TOKEN, 'smtp; 550 5.1.1 hunter2 is unknown');
    expect(JSON.stringify(await read(mail, ['hunter2']))).not.toContain('hunter2');
  });
});
