/**
 * Mails that come to a mailbox of bounces. Written after the documented formats of each server (RFC 3464, 5965, 3834;
 * QSBMF; Postfix's bounce(5), Exim's specification, Microsoft's pages on non-delivery reports): none is a copy of a
 * real one. `TOKEN` stands for the local part of the Message-ID.
 */

export interface RecipientWords {
  readonly action: string;
  readonly status: string;
  readonly diagnostic?: string;
}

const returned = (token: string) => `From: Herald <herald@news.example.com>
To: ada@example.org
Subject: Hello
Message-ID: <${token}@news.example.com>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain`;

/** Postfix, bounce(5): with Auto-Submitted: auto-replied, and the headers or all of the message. */
export const postfix = (
  token: string,
  {
    action,
    status,
    diagnostic = 'smtp; 550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown',
  }: RecipientWords,
) => `Return-Path: <>
Received: by mail.example.com (Postfix) id 4T9Z; Sat,  7 Mar 2026 10:00:02 +0000 (UTC)
Date: Sat,  7 Mar 2026 10:00:02 +0000 (UTC)
From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@news.example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4T9Y.1772877602/mail.example.com"
Message-Id: <20260307100002.4T9Z@mail.example.com>

This is a MIME-encapsulated message.

--4T9Y.1772877602/mail.example.com
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

--4T9Y.1772877602/mail.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com
X-Postfix-Queue-ID: 4T9Y
X-Postfix-Sender: rfc822; bounces@news.example.com
Arrival-Date: Sat,  7 Mar 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: ${action}
Status: ${status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: ${diagnostic}

--4T9Y.1772877602/mail.example.com
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <bounces@news.example.com>
${returned(token)}

--4T9Y.1772877602/mail.example.com--
`;

/** Exim since 4.89: a DSN whose status says nothing; the answer of the other server is in Diagnostic-Code. */
export const exim = (token: string, diagnostic = 'smtp; 550 5.1.1 No such user') => `Return-path: <>
Received: from Debian-exim by mx.example.net with local (Exim 4.96) id 1rABCD-0001; Sat, 07 Mar 2026 10:00:02 +0000
X-Failed-Recipients: ada@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: bounces@news.example.com
References: <${token}@news.example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary=1772877602-eximdsn-1
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1rABCD-0001@mx.example.net>
Date: Sat, 07 Mar 2026 10:00:02 +0000

--1772877602-eximdsn-1
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ada@example.org
    host mx.example.org [192.0.2.1]

--1772877602-eximdsn-1
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;ada@example.org
Status: 5.0.0
Remote-MTA: dns; mx.example.org
Diagnostic-Code: ${diagnostic}

--1772877602-eximdsn-1
Content-type: message/rfc822

Return-path: <bounces@news.example.com>
${returned(token)}

The text.

--1772877602-eximdsn-1--
`;

/** Exim before: a text, and the message below it. */
export const eximText = (token: string, reason: string, warning = false) => `Return-path: <>
X-Failed-Recipients: ada@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: bounces@news.example.com
Subject: ${warning ? 'Warning: message 1rABCD-0001 delayed 24 hours' : 'Mail delivery failed: returning message to sender'}
Message-Id: <E1rABCE-0001@mx.example.net>
Date: Sat, 07 Mar 2026 10:00:02 +0000

This message was created automatically by mail delivery software.

${
  warning
    ? 'A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.net.'
    : 'A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:'
}

  ada@example.org
    ${reason}

------ This is a copy of the message, including all the headers. ------

Return-path: <bounces@news.example.com>
${returned(token)}

The text.
`;

/** Exchange Online: its own words, a class in the subject, and the message attached. */
export const exchange = (
  token: string,
  status = '5.1.10',
  diagnostic = 'smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@example.org not found by SMTP address lookup',
) => `From: <postmaster@example.onmicrosoft.com>
To: <bounces@news.example.com>
Date: Sat, 7 Mar 2026 10:00:02 +0000
Content-Type: multipart/report; report-type=delivery-status;
	boundary="a1b2c3d4-0000-1111"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Message-ID: <a1b2@example.onmicrosoft.com>
In-Reply-To: <${token}@news.example.com>
References: <${token}@news.example.com>
Subject: Undeliverable: Hello
Auto-Submitted: auto-replied
MIME-Version: 1.0

--a1b2c3d4-0000-1111
Content-Type: multipart/alternative; differences=Content-Type;
	boundary="b1b2c3d4-0000-1111"

--b1b2c3d4-0000-1111
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to ada@example.org couldn't be delivered.=20

--b1b2c3d4-0000-1111
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>Your message to ada@example.org couldn't be delivered.</body></html>

--b1b2c3d4-0000-1111--

--a1b2c3d4-0000-1111
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mail.example.com
Arrival-Date: Sat, 7 Mar 2026 10:00:00 +0000

Original-Recipient: rfc822;ada@example.org
Final-Recipient: rfc822;ada@example.org
Action: failed
Status: ${status}
Diagnostic-Code: ${diagnostic}

--a1b2c3d4-0000-1111
Content-Type: message/rfc822

Received: from mail.example.com (192.0.2.9) by AM0PR01MB0001
${returned(token)}

--a1b2c3d4-0000-1111--
`;

/** Gmail: the words folded over lines, X-Original-Message-ID among the fields. */
export const gmail = (
  token: string,
  { action, status, diagnostic }: RecipientWords = { action: 'failed', status: '5.1.1' },
) => `Delivered-To: bounces@news.example.com
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: bounces@news.example.com
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <${token}@news.example.com>
In-Reply-To: <${token}@news.example.com>
X-Failed-Recipients: ada@example.org
Message-ID: <65e9.0b0a@mx.google.com>
Date: Sat, 07 Mar 2026 02:00:02 -0800 (PST)
Content-Type: multipart/report; boundary="00000000000abc"; report-type=delivery-status

--00000000000abc
Content-Type: multipart/related; boundary="00000000000abd"

--00000000000abd
Content-Type: text/html; charset="UTF-8"

<html><body>Address not found</body></html>

--00000000000abd--
--00000000000abc
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; bounces@news.example.com
Arrival-Date: Sat, 07 Mar 2026 02:00:01 -0800 (PST)
X-Original-Message-ID: <${token}@news.example.com>

Final-Recipient: rfc822; ada@example.org
Action: ${action}
Status: ${status}
Remote-MTA: dns; gmail-smtp-in.l.google.com. (192.0.2.27, the server
 for the domain example.org.)
Diagnostic-Code: ${
  diagnostic ??
  `smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces.`
}
Last-Attempt-Date: Sat, 07 Mar 2026 02:00:02 -0800 (PST)

--00000000000abc
Content-Type: message/rfc822

${returned(token)}

--00000000000abc--
`;

/** qmail: QSBMF. */
export const qmail = (
  token: string,
  reason = 'Sorry, no mailbox here by that name. (#5.1.1)',
) => `Return-Path: <>
Received: (qmail 12345 invoked for bounce); 7 Mar 2026 10:00:02 -0000
Date: 7 Mar 2026 10:00:02 -0000
From: MAILER-DAEMON@mx.example.org
To: bounces@news.example.com
Subject: failure notice

Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.org>:
${reason}

--- Below this line is a copy of the message.

Return-Path: <bounces@news.example.com>
${returned(token)}

The text.
`;

/** RFC 3461: the server tells the ENVID that it was given, and returns nothing; dots and the like as xtext. */
export const byEnvelopeId = (envid: string) => `From: <postmaster@mx.example.org>
To: <bounces@news.example.com>
Subject: Delivery failure
Message-ID: <envid-1@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=xyz

--xyz
Content-Type: text/plain

No.

--xyz
Content-Type: message/delivery-status

Original-Envelope-Id: ${envid}
Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.1.1 (no such user)

--xyz--
`;

/** RFC 5965, appendix B. */
export const complaint = (token: string, type = 'abuse') => `From: <abusedesk@example.org>
Date: Sat, 7 Mar 2026 10:00:02 +0000
Subject: FW: Hello
To: <bounces@news.example.com>
Message-ID: <arf-1@example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Sat, 7 Mar 2026 10:00:00 +0000.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: ${type}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <bounces@news.example.com>
Original-Rcpt-To: <ada@example.org>
Source-IP: 192.0.2.1

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

${returned(token)}

The text.

--part1_13d.2e68ed54_boundary--
`;

/** RFC 3834. */
export const vacation = (token: string) => `From: ada@example.org
To: herald@news.example.com
Subject: Out of office: Hello
Message-ID: <vacation-1@example.org>
In-Reply-To: <${token}@news.example.com>
References: <${token}@news.example.com>
Auto-Submitted: auto-replied (vacation)
Content-Type: text/plain

I am away. user unknown, 550 5.1.1
`;

export const writtenByHand = (token: string) => `From: ada@example.org
To: herald@news.example.com
Subject: Re: Hello
Message-ID: <hand-1@example.org>
In-Reply-To: <${token}@news.example.com>
Content-Type: text/plain

Thank you! Your last mail said: 550 5.1.1 user unknown.
`;
