/** The door of the client: what programs that use Herald import. */
export { type GraphQLResponseError, HeraldConnectionError, HeraldRequestError } from './errors.ts';
export {
  type DeviceInput,
  HeraldClient,
  type HeraldClientOptions,
  type RequestOptions,
  type SendInput,
  type Sent,
  type SubscribeOptions,
} from './herald-client.ts';
export { Herald, type HeraldOptions } from './node/herald.ts';
export type { OtpCode, OtpInput, OtpRequested, OtpVerified } from './one-time-passwords.ts';
