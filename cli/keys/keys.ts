/** `herald keys`: apps, their API keys, and operator keys. */
import type { HeraldClient } from '../../client/index.ts';
import type { Settings } from '../../platform/config/settings.ts';
import { type ConnectionFlags, connect } from '../connection/find-herald.ts';
import type { CommandContext } from '../context.ts';
import type {
  CreateApiKeyMutation,
  CreateAppMutation,
  CreateOperatorKeyMutation,
  KeysQuery,
  RevokeKeyMutation,
} from '../generated/operations.ts';
import { plainText } from '../terminal/plain-text.ts';
import { CREATE_API_KEY, CREATE_APP, CREATE_OPERATOR_KEY, KEYS, REVOKE_KEY } from './operations.ts';

export interface KeysFlags extends ConnectionFlags {
  readonly json?: boolean;
}
type ListedApp = KeysQuery['apps']['nodes'][number];
type ListedKey = KeysQuery['operatorKeys'][number];

/** What `herald keys` can do. Each throws CommandFailure, HeraldRequestError, HeraldConnectionError. */
export class KeysCommand {
  readonly #flags: KeysFlags;
  readonly #settings: Settings;
  readonly #stdout: CommandContext['stdout'];

  constructor(flags: KeysFlags, settings: Settings, { stdout }: CommandContext) {
    this.#flags = flags;
    this.#settings = settings;
    this.#stdout = stdout;
  }

  /** @param withRevoked shows those that no longer work, too. */
  async list(withRevoked: boolean): Promise<void> {
    const client = await this.#client();
    const apps: ListedApp[] = [];
    let operators: readonly ListedKey[] = [];
    let after: string | null = null;
    do {
      const page: KeysQuery = await client.request<KeysQuery>(KEYS, { after });
      apps.push(...page.apps.nodes);
      operators = page.operatorKeys;
      after = page.apps.pageInfo.hasNextPage ? page.apps.pageInfo.endCursor : null;
    } while (after !== null);
    this.#answer({ apps, operatorKeys: operators }, keyLines(apps, operators, withRevoked));
  }

  async createApp(name: string, rateLimitPerSecond?: number): Promise<void> {
    const client = await this.#client();
    const { createApp } = await client.request<CreateAppMutation>(CREATE_APP, {
      name,
      ...(rateLimitPerSecond !== undefined && { rateLimitPerSecond }),
    });
    const { app, apiKey } = createApp;
    this.#answer(createApp, [
      `App ${app.id} (${plainText(app.name)}). Its API key, shown this once:`,
      apiKey,
    ]);
  }

  async createApiKey(app: string, name: string): Promise<void> {
    const client = await this.#client();
    const { createApiKey } = await client.request<CreateApiKeyMutation>(CREATE_API_KEY, { app, name });
    this.#answer(createApiKey, [
      `API key ${createApiKey.key.id} of ${app}, shown this once:`,
      createApiKey.secret,
    ]);
  }

  async createOperatorKey(name: string): Promise<void> {
    const client = await this.#client();
    const { createOperatorKey } = await client.request<CreateOperatorKeyMutation>(CREATE_OPERATOR_KEY, {
      name,
    });
    this.#answer(createOperatorKey, [
      `Operator key ${createOperatorKey.key.id}, shown this once:`,
      createOperatorKey.secret,
    ]);
  }

  async revoke(id: string): Promise<void> {
    const client = await this.#client();
    const { revokeKey } = await client.request<RevokeKeyMutation>(REVOKE_KEY, { id });
    this.#answer(revokeKey, [`Key ${revokeKey.id} (${plainText(revokeKey.name)}) is revoked.`]);
  }

  #client(): Promise<HeraldClient> {
    return connect(this.#flags, this.#settings);
  }

  #answer(value: unknown, lines: readonly string[]): void {
    this.#stdout.write(this.#flags.json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`);
  }
}

/** Apps with their keys, then operator keys. */
export function keyLines(
  apps: readonly ListedApp[],
  operators: readonly ListedKey[],
  withRevoked: boolean,
): string[] {
  const shown = (keys: readonly ListedKey[]) => keys.filter((key) => withRevoked || key.revokedAt === null);
  const line = (key: ListedKey) =>
    `  ${key.id}  ${plainText(key.hint)}…  ${plainText(key.name)}  since ${key.createdAt.slice(0, 10)}${key.revokedAt === null ? '' : `  revoked ${key.revokedAt.slice(0, 10)}`}`;
  return [
    ...apps.flatMap((app) => [`App ${app.id} (${plainText(app.name)})`, ...shown(app.keys).map(line)]),
    'Operators',
    ...shown(operators).map(line),
  ];
}
