/** Every setting of Herald, in one table. The README's table is generated from it, in its order. */
import { z } from 'zod';
import { providerAccounts } from './provider-accounts.ts';
import { providerDailyQuotas, providerRates } from './provider-limits.ts';
import { retryPolicies } from './retry-policies.ts';
import { subgraphRules } from './subgraph-rules.ts';

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().int().positive();
const secret = z.string().min(16, 'must have at least 16 characters');
const switchable = z.enum(['auto', 'on', 'off']);

const urlWith = (...protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
    );

/** A list of networks in CIDR notation, separated by commas. */
const networks = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()], 'must be networks like 10.0.0.0/8, separated by commas')));

interface SettingSpec<T extends z.ZodType = z.ZodType> {
  readonly schema: T;
  /** One sentence for the README's settings table. */
  readonly about: string;
  /** What the table shows as the default where it is not a literal. */
  readonly shownDefault?: string;
}
const setting = <T extends z.ZodType>(schema: T, about: string, shownDefault?: string): SettingSpec<T> =>
  shownDefault === undefined ? { schema, about } : { schema, about, shownDefault };

const GENERATED = 'made at the first start';

export const SETTINGS = {
  PORT: setting(port.optional(), 'HTTP port. 0 picks a free one.', '4000 (gateway), 4001–4006 (other roles)'),
  HOST: setting(
    z.string().min(1).default('127.0.0.1'),
    'Address to listen on; `0.0.0.0` for all interfaces.',
  ),
  HERALD_DATA_DIR: setting(
    z.string().min(1).default('.herald'),
    'Where `npm start` keeps the embedded data services, generated secrets and logs.',
  ),
  HERALD_NAMESPACE: setting(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and dashes')
      .default('herald'),
    'Prefix of every Redis key and queue, so that several installations can share one Redis.',
  ),
  MONGODB_URI: setting(
    urlWith('mongodb:', 'mongodb+srv:').optional(),
    'MongoDB to use (replica set). Without it `npm start` provides one; a single role requires it.',
    'provided by `npm start`',
  ),
  REDIS_URL: setting(
    urlWith('redis:', 'rediss:').optional(),
    'Redis to use (`maxmemory-policy noeviction`). Without it `npm start` provides one; a single role requires it.',
    'provided by `npm start`',
  ),
  HERALD_ADMIN_KEY: setting(secret.optional(), "The first operator's key.", GENERATED),
  HERALD_JWT_SECRET: setting(
    z.string().min(32, 'must have at least 32 characters').optional(),
    'Signs user tokens (HS256). The same on every gateway and users process.',
    GENERATED,
  ),
  HERALD_PUBLIC_URL: setting(
    urlWith('http:', 'https:').optional(),
    'Where callers and providers reach the gateway, as they call it: receipts are signed over it, and with it mail of a category gets a link to unsubscribe.',
    "the request's own host",
  ),
  DISPATCHER_URL: setting(
    urlWith('http:', 'https:').optional(),
    "Where the gateway finds a dispatcher, for providers' receipts (`/receipts/<account>`) and for `/unsubscribe/<token>`.",
    'http://127.0.0.1:4005',
  ),
  HERALD_GATEWAY_SECRET: setting(
    secret.optional(),
    'Shared by gateway and subgraphs: a subgraph answers only requests that carry it.',
    GENERATED,
  ),
  HERALD_SECRET_KEY: setting(
    z
      .string()
      .regex(/^[^\s,]{32,}(,[^\s,]{32,})*$/, 'must be keys of at least 32 characters, separated by commas')
      .optional(),
    "Encrypts provider accounts' credentials. To rotate it, put a new key in front: `new,old`.",
    GENERATED,
  ),
  NOTIFICATIONS_URL: setting(
    urlWith('http:', 'https:').default('http://127.0.0.1:4001/graphql'),
    'Where the gateway finds the notifications subgraph (`--role gateway`).',
  ),
  TEMPLATES_URL: setting(
    urlWith('http:', 'https:').default('http://127.0.0.1:4002/graphql'),
    'Where the gateway finds the templates subgraph (`--role gateway`).',
  ),
  USERS_URL: setting(
    urlWith('http:', 'https:').default('http://127.0.0.1:4003/graphql'),
    'Where the gateway finds the users subgraph (`--role gateway`).',
  ),
  ANALYTICS_URL: setting(
    urlWith('http:', 'https:').default('http://127.0.0.1:4004/graphql'),
    'Where the gateway finds the analytics subgraph (`--role gateway`).',
  ),
  SUBGRAPHS: setting(
    subgraphRules,
    'For `--supergraph`: how each subgraph is reached, as JSON by name (`*` for all): `url`, `subscriptionsUrl`, `forwardHeaders`, `setHeaders`, `timeoutMs`. See docs/federation.md.',
    'as the supergraph says, no headers',
  ),
  SMTP_URL: setting(
    urlWith('smtp:', 'smtps:').optional(),
    'SMTP server for EMAIL, for example `smtps://user:password@mail.example.com`.',
    'none: the sandbox stands in',
  ),
  SMTP_FROM: setting(
    z.string().min(3).default('Herald <herald@localhost>'),
    'Sender of e-mails: an address, or `Name <address>`.',
  ),
  SMTP_DKIM_DOMAIN: setting(
    z.string().min(1).optional(),
    'Signs e-mails by DKIM for this domain, where the SMTP server does not.',
    'not signed',
  ),
  SMTP_DKIM_SELECTOR: setting(
    z.string().min(1).optional(),
    'DKIM selector: the public key stands in DNS at `<selector>._domainkey.<domain>`.',
  ),
  SMTP_DKIM_PRIVATE_KEY: setting(
    z.string().min(1).optional(),
    'RSA key that signs e-mails, as PEM; line breaks may be written as `\\n`.',
  ),
  SMTP_RETURN_PATH: setting(
    z.string().min(3).optional(),
    'Address that e-mails which cannot be delivered go back to.',
    'the sender',
  ),
  SMTP_BOUNCES_URL: setting(
    urlWith('imap:', 'imaps:').optional(),
    'Mailbox of that address, for example `imaps://user:password@imap.example.com/INBOX`: bounces are read there.',
    'not read',
  ),
  SMTP_BOUNCES_AFTERWARDS: setting(
    z.enum(['seen', 'move', 'delete']).default('seen'),
    'What becomes of a bounce that was read: marked as seen, moved to the folder `Herald`, or deleted.',
  ),
  VAPID_PUBLIC_KEY: setting(z.string().min(80).optional(), 'Web push public key (base64url).', GENERATED),
  VAPID_PRIVATE_KEY: setting(z.string().min(40).optional(), 'Web push private key (base64url).', GENERATED),
  VAPID_SUBJECT: setting(
    z
      .string()
      .regex(/^(mailto:|https:)/, 'must start with mailto: or https:')
      .default('mailto:herald@localhost.localdomain'),
    'Contact that push services see (RFC 8292): `mailto:` or `https:`.',
  ),
  WEBHOOK_SIGNING_SECRET: setting(
    z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/=]{32,}$/, 'must be whsec_ followed by base64 of at least 24 bytes')
      .optional(),
    'Signs webhooks as Standard Webhooks does: `whsec_` and base64.',
    GENERATED,
  ),
  WEBHOOK_ALLOWED_NETWORKS: setting(
    networks.default([]),
    'Private networks that webhooks may reach, as CIDRs separated by commas. Private, loopback and link-local addresses are refused otherwise.',
    'none',
  ),
  HERALD_SANDBOX: setting(
    switchable.default('auto'),
    'Let the sandbox stand in for channels without a provider. `auto`: on for `npm start`, off for a single role.',
  ),
  HERALD_DEMO: setting(
    switchable.default('auto'),
    'Serve `/inbox` with a demo user, app and template, to callers on this machine. `auto`: on for `npm start`, off for a single role.',
  ),
  HERALD_DEMO_APP_KEY: setting(secret.optional(), 'API key of the demo app.', GENERATED),
  HERALD_URL: setting(
    urlWith('http:', 'https:').optional(),
    'Where `herald send`, `tail` and `keys` find Herald.',
    'the Herald that runs on the data folder',
  ),
  HERALD_API_KEY: setting(
    secret.optional(),
    'Credential of `herald send`, `tail` and `keys`: an API key or an operator key.',
    "the data folder's operator key",
  ),
  LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
    'Least level that is logged.',
  ),
  HTTP_BODY_LIMIT_BYTES: setting(positive.default(16 * 1024 * 1024), 'Largest request body.'),
  SEND_MAX_ATTEMPTS: setting(
    positive.max(50).optional(),
    'Attempts at a delivery before it is FAILED, on every channel.',
    'by channel (`docs/channels-flow.md`)',
  ),
  SEND_RETRY_BASE_MS: setting(
    positive.optional(),
    'Delay before the second attempt, on every channel; it doubles with each further one.',
    'by channel',
  ),
  SEND_RETRY_MAX_MS: setting(
    positive.optional(),
    'Longest delay between two attempts, on every channel.',
    'by channel',
  ),
  RETRY_POLICIES: setting(
    retryPolicies.optional(),
    'Retry policies of single channels, as JSON: `{"SMS": {"kind": "fixed", "attempts": 3, "baseMs": 5000}}`; `"SMS:HIGH"` for priority HIGH.',
    'by channel',
  ),
  SEND_TIMEOUT_MS: setting(positive.default(15_000), 'Longest a provider may take for one attempt.'),
  PROVIDER_ACCOUNTS: setting(
    providerAccounts,
    'Provider accounts besides those with settings of their own, as JSON: `[{"id": "sms", "provider": "twilio", "config": {…}}]`.',
    'none',
  ),
  PROVIDER_RATES: setting(
    providerRates,
    'Messages a second that each provider account takes, over all dispatchers: `smtp=50,webhook=200`.',
    'no limit',
  ),
  PROVIDER_DAILY_QUOTAS: setting(
    providerDailyQuotas,
    'Messages a day (UTC) that each provider account takes: `smtp=100000`.',
    'no limit',
  ),
  PROVIDER_CHECK_INTERVAL_MS: setting(
    z.coerce.number().int().min(0).max(3_600_000).default(300_000),
    'How often provider accounts are asked whether they are well, each by one dispatcher; 0: never.',
  ),
  DEAD_LETTER_ALERT_COUNT: setting(
    positive.default(10),
    'An alert is raised at so many new dead letters in one workspace within `DEAD_LETTER_ALERT_WINDOW_MS`.',
  ),
  DEAD_LETTER_ALERT_WINDOW_MS: setting(
    positive.default(5 * 60_000),
    'Within how long new dead letters are counted together; a workspace has one alert in such a time at most.',
  ),
  PUSH_DEVICE_MAX_AGE_DAYS: setting(
    z.coerce.number().int().min(0).max(36_500).default(180),
    'Devices that were not seen for so long get no push messages, unless the user has no other: then the one seen last. 0: age does not matter.',
  ),
  PUSH_TARGETS: setting(
    z.enum(['all', 'latest']).default('all'),
    "Which of a user's devices get push messages: `all`, or on each channel the one seen last (`latest`).",
  ),
  PUSH_UNSEEN_SECONDS: setting(
    z.coerce.number().int().min(0).max(3_600).default(30),
    'Who has the inbox open gets a message there at once, and a push only when it was not read for so long. Not for HIGH messages. 0: push goes at once to everybody.',
  ),
  OTP_RESEND_MS: setting(
    positive.default(30_000),
    'How soon a second one-time password may go to the same recipient for the same purpose; doubled with each further one, up to 10 minutes.',
  ),
  OTP_MAX_PER_HOUR: setting(
    positive.max(1_000).default(10),
    'One-time passwords to one person, and to one address, in an hour, whatever for.',
  ),
  OTP_LOCK_MS: setting(
    positive.default(900_000),
    'How long a recipient and purpose is locked after 5 wrong codes.',
  ),
  DISPATCH_CONCURRENCY: setting(
    positive.max(1000).default(64),
    'Jobs each queue of a dispatcher works on at once. Jobs are grouped: this is how large a group can get under light load.',
  ),
  DISPATCH_CHUNK_SIZE: setting(positive.max(1000).default(100), 'Most ids in one queue job.'),
  SWEEP_INTERVAL_MS: setting(
    positive.default(2_000),
    'How often the scheduler looks for what is due and in no queue.',
  ),
  WORKER_STUCK_MS: setting(
    positive.default(15_000),
    'A worker that takes no jobs for so long, although some wait and it has room, is replaced by a new one.',
  ),
  QUEUE_LIMIT_LOW: setting(
    positive.default(1_000_000),
    'With more than so many notifications and deliveries in the queues, LOW sends are refused with UNAVAILABLE.',
  ),
  QUEUE_LIMIT_MEDIUM: setting(
    positive.default(2_000_000),
    'With more than so many in the queues, MEDIUM sends are refused too.',
  ),
  QUEUE_LIMIT_HIGH: setting(
    positive.default(5_000_000),
    'With more than so many in the queues, everything is refused: choose it by the memory that Redis has.',
  ),
  LIVE_MAX_CONNECTIONS: setting(
    positive.default(20_000),
    'WebSockets that one gateway holds; one more is closed with 4429.',
  ),
  LIVE_MAX_CONNECTIONS_PER_USER: setting(
    positive.default(50),
    'WebSockets of one user on one gateway; one more is closed with 4429.',
  ),
  LIVE_MAX_CONNECTIONS_PER_APP: setting(
    positive.default(10_000),
    "WebSockets of one app, of a workspace's operators, or of all without credentials, on one gateway.",
  ),
  LIVE_MAX_OPERATIONS: setting(
    positive.default(100),
    'Operations that may run on one WebSocket; one more is answered LIMIT_EXCEEDED.',
  ),
  LIVE_MAX_MESSAGE_BYTES: setting(
    positive.default(1_048_576),
    'Longest message that a WebSocket may send; a longer one closes it with 1009.',
  ),
  LIVE_MAX_WAITING_RESULTS: setting(
    positive.default(256),
    'Results that may wait for one subscription; then it ends with SLOW_CONSUMER.',
  ),
  LIVE_MAX_WAITING_BYTES: setting(
    positive.default(4_194_304),
    'Results that may wait for one WebSocket, over all of its subscriptions; then SLOW_CONSUMER.',
  ),
  LIVE_INIT_TIMEOUT_MS: setting(
    positive.default(10_000),
    'A WebSocket that has not sent `connection_init` by then is closed with 4408.',
  ),
  LIVE_PING_INTERVAL_MS: setting(
    positive.default(12_000),
    'How often a WebSocket is pinged; one that has not answered by the next ping is dropped.',
  ),
  LIVE_RESUME_TIMEOUT_MS: setting(
    positive.default(30_000),
    'How long resumable subscriptions wait for a lost subgraph; then UNAVAILABLE.',
  ),
  SHUTDOWN_GRACE_MS: setting(
    z.coerce.number().int().min(0).max(60_000).default(1_000),
    'After SIGTERM, how long a gateway or subgraph goes on to take requests while `/readyz` says 503 already, so that load balancers see it.',
  ),
  SHUTDOWN_TIMEOUT_MS: setting(
    positive.default(25_000),
    'After SIGTERM, how long all of it may take before the process ends, work in hand or not.',
  ),
} as const satisfies Record<string, SettingSpec>;
