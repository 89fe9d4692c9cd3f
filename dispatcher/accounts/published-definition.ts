/** What operators are told of a provider, from its definition. Pure. */
import { z } from 'zod';
import type { ProviderDefinitionRecord } from '../../subgraphs/notifications/index.ts';
import type { ProviderDefinition } from '../channels/contract.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** What a workspace can have an account of: browsers know one key of an installation, which is in the settings. */
export const hasStoredAccounts = ({ channels }: Pick<ProviderDefinition, 'channels'>): boolean =>
  channels.some((channel) => channel !== 'WEB_PUSH');

export function publishedDefinition({
  id,
  name,
  channels,
  config,
  installation = false,
  capabilities,
}: ProviderDefinition): Omit<ProviderDefinitionRecord, 'publishedAt'> {
  const schema = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as JsonObject;
  const fields = Object.entries(isObject(schema.properties) ? schema.properties : {});
  const marked = (mark: string) => fields.filter(([, field]) => holds(field, mark)).map(([field]) => field);
  return {
    _id: id,
    name,
    channels: [...channels],
    configSchema: JSON.stringify(schema),
    secretFields: marked('secret'),
    installationFields: marked('installation'),
    // An address within Herald's own network is one, too.
    destinationFields: [...new Set([...marked('destination'), ...marked('installation')])],
    installation,
    receipts: capabilities.receipts ?? false,
  };
}

/** Whether a schema, or one within it, has a mark. */
function holds(schema: unknown, mark: string): boolean {
  if (Array.isArray(schema)) return schema.some((one) => holds(one, mark));
  if (!isObject(schema)) return false;
  return schema[mark] === true || Object.values(schema).some((one) => holds(one, mark));
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
