/** Checks devices as apps give them: what a push service calls the app on one phone. */

import { addressProblem } from '../../../platform/addresses/address-problem.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';

/** The kinds of devices: the contract's `DevicePlatform`. */
export const DEVICE_PLATFORMS = ['ANDROID', 'IOS', 'WEB'] as const;
export type DevicePlatform = (typeof DEVICE_PLATFORMS)[number];

const MAX_TEXT_CHARS = 200;
const TEXTS = ['name', 'model', 'appVersion'] as const;

/** The contract's `DeviceInput`. Null is the same as absent. */
export interface DeviceInput {
  /** A MOBILE_PUSH address of one device: `fcm:<token>` or the bare token, `apns:<hex>`, an endpoint's ARN of SNS. */
  readonly token: string;
  readonly platform: DevicePlatform;
  readonly name?: string | null;
  readonly model?: string | null;
  readonly appVersion?: string | null;
}

export interface CheckedDevice {
  readonly token: string;
  readonly platform: DevicePlatform;
  readonly name?: string;
  readonly model?: string;
  readonly appVersion?: string;
}

/** @throws HeraldError BAD_USER_INPUT, `field` being for example `device.token`. */
export function checkDevice(device: DeviceInput): CheckedDevice {
  const { token, platform } = device;
  const problem = addressProblem('MOBILE_PUSH', token) ?? (isOneDevice(token) ? undefined : MANY);
  if (problem !== undefined) throw badInput('device.token', problem);
  if (token === 'fcm:' || (/^apns:/i.test(token) && !APNS.test(token)))
    throw badInput('device.token', 'Must be fcm:<token>, a bare token, apns:<hex digits> or an ARN of SNS.');
  const texts: { name?: string; model?: string; appVersion?: string } = {};
  for (const field of TEXTS) {
    const text = device[field];
    if (text == null) continue;
    if (text === '' || text.length > MAX_TEXT_CHARS || /\p{Cc}/u.test(text))
      throw badInput(`device.${field}`, `Must have 1 to ${MAX_TEXT_CHARS} characters without line breaks.`);
    texts[field] = text;
  }
  return { token, platform, ...texts };
}

/** Its length may change, says Apple. */
const APNS = /^apns:(?:[0-9a-f]{2}){16,100}$/i;
const MANY = 'Must be of one device: topics reach many.';

/** Whoever registers a topic as their device would have their messages sent to all who follow it. */
const isOneDevice = (token: string): boolean =>
  !/^topic:/i.test(token) && (!/^arn:/i.test(token) || /:endpoint\//.test(token));

/** One spelling of a token: `fcm:` says what a bare one is, and hexadecimal digits have no case. Pure. */
export const normalToken = (token: string): string =>
  /^apns:/i.test(token) ? token.toLowerCase() : token.replace(/^fcm:/, '');
