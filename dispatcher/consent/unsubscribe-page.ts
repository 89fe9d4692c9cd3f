/** What a person sees who opens the link of a mail in a browser. Plain HTML: nothing is loaded, no script runs. */
import { createHash } from 'node:crypto';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color:#1b1f24}' +
  'button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#1f5fbf;color:#fff;cursor:pointer}';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export const UNSUBSCRIBE_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
};

type Shown = Pick<DeliveryRecord, 'category' | 'address'>;

/** Pure. Asks; only its button changes anything: link checkers and previews open what they find. */
export const confirmPage = ({ category, address }: Shown): string =>
  page(
    'Unsubscribe',
    `<p>Stop e-mails${ofCategory(category)}${to(address)}?</p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Unsubscribe</button></form>`,
  );

/** Pure. */
export const donePage = ({ category, address }: Shown): string =>
  page('Unsubscribed', `<p>E-mails${ofCategory(category)} are no longer sent${to(address)}.</p>`);

/** Pure. */
export const unknownLinkPage = (): string =>
  page('Unknown link', '<p>This link is not known here. It may have been cut off on its way.</p>');

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body>
</html>
`;

const ofCategory = (category: string | undefined): string =>
  category === undefined ? '' : ` of the category “${escaped(category)}”`;

/** The mail may have been passed on: who reads it need not learn the whole address. */
const to = (address: string | undefined): string => {
  if (address === undefined) return '';
  const at = address.lastIndexOf('@');
  return ` to ${escaped(`${[...address][0] ?? ''}…${at < 0 ? '' : address.slice(at)}`)}`;
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
