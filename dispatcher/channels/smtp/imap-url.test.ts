import { describe, expect, it } from 'vitest';
import { imapUrlProblem, mailboxOf } from './imap-url.ts';

describe('URLs of mailboxes', () => {
  it('say where the mailbox is, and whose', () => {
    expect(mailboxOf('imaps://herald%40example.com:p%2Fw%25@imap.example.com/Bounces%2FMail')).toEqual({
      host: 'imap.example.com',
      port: 993,
      tls: 'always',
      rejectUnauthorized: true,
      user: 'herald@example.com',
      password: 'p/w%',
      folder: 'Bounces/Mail',
    });
    expect(mailboxOf('imap://u:p@[::1]:1143')).toMatchObject({
      host: '::1',
      port: 1143,
      tls: 'upgrade',
      folder: 'INBOX',
    });
    expect(
      mailboxOf('imap://u:p@h?ignoreTLS=true&tls.rejectUnauthorized=false&tls.servername=mail.example.com'),
    ).toMatchObject({ port: 143, tls: 'never', rejectUnauthorized: false, servername: 'mail.example.com' });
  });

  it.each([
    ['', /must be a URL/],
    ['https://u:p@mail.example.com', /must be a URL/],
    ['imaps://mail.example.com', /user name and a password/],
    ['imaps://u@mail.example.com', /user name and a password/],
    ['imaps://u:100%@mail.example.com', /%25/],
    ['imaps://u:p@mail.example.com?logger=true', /unknown option "logger"/],
  ])('%s is none', (url, problem) => expect(imapUrlProblem(url)).toMatch(problem));

  it.each(['imaps://u:p@h', 'imap://u:p@h:143/INBOX?ignoreTLS=true'])('%s is one', (url) =>
    expect(imapUrlProblem(url)).toBeUndefined(),
  );
});
