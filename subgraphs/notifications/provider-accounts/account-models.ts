/** The collections of provider accounts. They need no index but their keys. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { ProviderAccountRecord, ProviderDefinitionRecord } from './account-record.ts';

const needed = { type: String, required: true } as const;
const mixed = { type: Schema.Types.Mixed } as const;
const date = { type: Date, required: true } as const;
const number = { type: Number, required: true } as const;
const flag = { type: Boolean, required: true } as const;
const options = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;

export function providerAccountModels(connection: Connection): {
  providerAccounts: Model<ProviderAccountRecord>;
  providerDefinitions: Model<ProviderDefinitionRecord>;
} {
  const account = new Schema<ProviderAccountRecord>(
    {
      _id: needed,
      workspace: needed,
      id: needed,
      provider: needed,
      channels: { type: [String], default: undefined },
      config: needed,
      secrets: { ...mixed, required: true },
      order: number,
      weight: number,
      apps: { type: [String], default: undefined },
      ratePerSecond: Number,
      dailyQuota: Number,
      allowedHours: mixed,
      enabled: flag,
      revision: needed,
      problem: String,
      receiptsProblem: String,
      createdAt: date,
      updatedAt: date,
      by: { ...mixed, required: true },
    },
    { ...options, collection: 'provider_accounts' },
  );
  const definition = new Schema<ProviderDefinitionRecord>(
    {
      _id: needed,
      name: needed,
      channels: [String],
      configSchema: needed,
      secretFields: [String],
      installationFields: [String],
      destinationFields: [String],
      installation: flag,
      receipts: Boolean,
      publishedAt: date,
    },
    { ...options, collection: 'provider_definitions' },
  );
  return {
    providerAccounts: connection.model<ProviderAccountRecord>('ProviderAccount', account),
    providerDefinitions: connection.model<ProviderDefinitionRecord>('ProviderDefinition', definition),
  };
}
