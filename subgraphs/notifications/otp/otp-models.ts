/** The collections of one-time passwords. All goes by keys; the indexes are there to remove what is over. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { OtpLimitRecord, OtpRecord, SealedCodeRecord } from './otp-record.ts';

const needed = { type: String, required: true } as const;
const mixed = { type: Schema.Types.Mixed } as const;
const date = { type: Date, required: true } as const;
const number = { type: Number, required: true } as const;
const options = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;

export function otpModels(connection: Connection): {
  otps: Model<OtpRecord>;
  sealedCodes: Model<SealedCodeRecord>;
  otpLimits: Model<OtpLimitRecord>;
} {
  const otp = new Schema<OtpRecord>(
    {
      _id: needed,
      workspace: needed,
      app: needed,
      revision: number,
      code: { ...mixed, required: true },
      requests: [Date],
      lockedUntil: Date,
      removeAt: date,
    },
    { ...options, collection: 'otps' },
  );
  otp.index({ removeAt: 1 }, { expireAfterSeconds: 0 });
  const sealed = new Schema<SealedCodeRecord>(
    { _id: needed, sealed: needed, expiresAt: date },
    { ...options, collection: 'otp_sealed_codes' },
  );
  sealed.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  const limit = new Schema<OtpLimitRecord>(
    { _id: needed, revision: number, requests: [mixed], removeAt: date },
    { ...options, collection: 'otp_limits' },
  );
  limit.index({ removeAt: 1 }, { expireAfterSeconds: 0 });
  return {
    otps: connection.model<OtpRecord>('Otp', otp),
    sealedCodes: connection.model<SealedCodeRecord>('SealedCode', sealed),
    otpLimits: connection.model<OtpLimitRecord>('OtpLimit', limit),
  };
}
