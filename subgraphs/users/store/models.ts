/** Mongoose models of the users subgraph. Indexes are few, and each begins with a key that holds the workspace. */
import { type Connection, type Model, Schema } from 'mongoose';
import { CHANNELS } from '../../../platform/graphql/contract-enums.ts';
import { WEEKDAYS } from '../../../platform/quiet-hours/quiet-hours.ts';
import { DEVICE_PLATFORMS } from '../input/device-input.ts';
import { type SegmentDocument, segmentModel } from '../segments/segment-record.ts';
import { suppressionModel } from '../suppressions/suppression-model.ts';
import type { SuppressionDocument } from '../suppressions/suppression-record.ts';
import type {
  AppDocument,
  CredentialDocument,
  DeviceDocument,
  UserDocument,
  WorkspaceDocument,
} from './records.ts';

export interface UsersModels {
  readonly users: Model<UserDocument>;
  readonly devices: Model<DeviceDocument>;
  readonly apps: Model<AppDocument>;
  readonly credentials: Model<CredentialDocument>;
  readonly workspaces: Model<WorkspaceDocument>;
  readonly suppressions: Model<SuppressionDocument>;
  readonly segments: Model<SegmentDocument>;
}

const options = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;
const text = { type: String, required: true } as const;
const date = { type: Date, required: true } as const;
const channel = { type: String, enum: CHANNELS } as const;
const quietHours = {
  type: new Schema(
    {
      from: text,
      to: text,
      timezone: String,
      // Empty is not absent: on no day.
      days: { type: [{ type: String, enum: WEEKDAYS }], default: undefined },
    },
    { _id: false },
  ),
} as const;

/** Once for each connection. */
export const usersModels = (connection: Connection): UsersModels => ({
  users: connection.model<UserDocument>('User', userSchema(), 'users'),
  devices: connection.model<DeviceDocument>('Device', deviceSchema(), 'devices'),
  apps: connection.model<AppDocument>('App', appSchema(), 'apps'),
  credentials: connection.model<CredentialDocument>('Credential', credentialSchema(), 'credentials'),
  workspaces: connection.model<WorkspaceDocument>('Workspace', workspaceSchema(), 'workspaces'),
  suppressions: suppressionModel(connection),
  segments: segmentModel(connection),
});

/** Creates collections and indexes that are missing. Safe to repeat and to race. */
export async function ensureCollections(models: UsersModels): Promise<void> {
  for (const model of Object.values(models) as Model<unknown>[]) {
    await model.createCollection();
    await model.createIndexes();
  }
}

const userSchema = () =>
  new Schema<UserDocument>(
    {
      _id: text,
      workspace: text,
      id: text,
      name: String,
      locale: String,
      timezone: String,
      email: String,
      phone: String,
      groups: [String],
      groupKeys: [String],
      attributes: text,
      addresses: [new Schema({ channel: { ...channel, required: true }, address: text }, { _id: false })],
      preferences: [
        new Schema({ category: String, channel, enabled: { type: Boolean, required: true } }, { _id: false }),
      ],
      preferredChannels: [channel],
      quietHours,
      createdAt: date,
      updatedAt: date,
      lastSeenAt: Date,
      activity: String,
    },
    options,
  ).index({ groupKeys: 1, _id: 1 });

const deviceSchema = () =>
  new Schema<DeviceDocument>(
    {
      _id: text,
      workspace: text,
      user: text,
      channel,
      endpoint: text,
      p256dh: String,
      auth: String,
      userAgent: String,
      platform: { type: String, enum: DEVICE_PLATFORMS },
      name: String,
      model: String,
      appVersion: String,
      createdAt: date,
      updatedAt: date,
      lastSeenAt: Date,
    },
    options,
  ).index({ user: 1 });

const appSchema = () =>
  new Schema<AppDocument>(
    {
      _id: text,
      workspace: text,
      id: text,
      name: text,
      rateLimitPerSecond: { type: Number, required: true },
      may: { type: Schema.Types.Mixed },
      createdAt: date,
      sortKey: text,
    },
    options,
  ).index({ sortKey: 1 });

const credentialSchema = () =>
  new Schema<CredentialDocument>(
    {
      _id: text,
      id: text,
      owner: text,
      kind: { type: String, enum: ['app', 'operator'], required: true },
      workspace: text,
      app: String,
      name: text,
      hint: text,
      root: { type: Boolean, required: true },
      fromSettings: { type: Boolean, required: true },
      createdAt: date,
      revokedAt: Date,
      revokedBy: { type: String, enum: ['operator', 'settings'] },
    },
    options,
  )
    .index({ id: 1 }, { unique: true })
    .index({ owner: 1 });

const workspaceSchema = () =>
  new Schema<WorkspaceDocument>(
    {
      _id: text,
      name: text,
      createdAt: date,
      quietHours,
      operatorKeyRevision: { type: Number, required: true },
    },
    options,
  );
